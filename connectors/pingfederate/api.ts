/** The administrative API of one PingFederate, signed in as the portal. */
import {
  openAdministration,
  type Administration,
  type AdministrationSession,
} from "#lib/connector-kit/administration.ts";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { restated, type ConnectorError } from "#lib/connector-kit/errors.ts";
import { basicAuthorization, bearerSession, credentialsOf, secretsOfSignIn } from "#lib/connector-kit/sign-in.ts";
import type { Answer } from "#lib/protocol/exchange.ts";
import type { Connection } from "./config.ts";
import { apiResult } from "./wire.ts";

const apiPath = "/pf-admin-api/v1";

/** Where the runtime answers: as the settings say, or where PingFederate always has it (its discovery document). */
export function endpointsOf({ issuer, endpoints }: KeyManagerSettings) {
  const base = issuer.replace(/\/$/, "");
  return {
    token: endpoints.token ?? `${base}/as/token.oauth2`,
    introspection: endpoints.introspection ?? `${base}/as/introspect.oauth2`,
    revocation: endpoints.revocation ?? `${base}/as/revoke_token.oauth2`,
  };
}

/**
 * Opens the administrative API (PingFederate Developer's Reference, “PingFederate administrative API”).
 *
 * @returns calls below `/pf-admin-api/v1`; nothing is sent before the first
 */
export function openApi(settings: KeyManagerSettings<Connection>, dependencies: ConnectorDependencies): Administration {
  const { adminUrl, signIn } = settings.connection;

  async function session(): Promise<AdministrationSession> {
    switch (signIn.method) {
      case "basic":
        return { headers: { authorization: basicAuthorization(signIn) } };
      case "mutual_tls":
        return { headers: {}, identity: { certificate: signIn.certificate, privateKey: signIn.privateKey } };
      default: {
        const tokenEndpoint = signIn.tokenEndpoint ?? endpointsOf(settings).token;
        return bearerSession(dependencies, {
          tokenEndpoint,
          credentials: credentialsOf(signIn),
          scopes: signIn.scopes,
        });
      }
    }
  }

  return openAdministration(
    {
      base: `${adminUrl.replace(/\/+$/, "").replace(new RegExp(`${apiPath}$`), "")}${apiPath}`,
      signIn: session,
      secrets: secretsOfSignIn(signIn),
      apiName: "PingFederate's administrative API",
      // Requests without it are refused, whatever else they carry.
      headers: { "X-XSRF-Header": "PingFederate" },
      explain: (error, answer, { doing }) => explain(error, answer, doing),
    },
    dependencies,
  );
}

function explain(error: ConnectorError, answer: Answer, doing: string): ConnectorError {
  const { status } = answer;
  const told = (kind: ConnectorError["kind"], words: string) =>
    restated(error, { kind, message: `${doing} failed: ${words}` });
  if (status === 401) {
    return told("credentials_refused", "PingFederate's administrative API does not accept the portal's sign-in.");
  }
  if (status === 403) {
    return told(
      "credentials_refused",
      "the portal's account may not do this. It needs the administrative role Admin, and PingFederate the OAuth authorization server role.",
    );
  }
  // Only the API itself can say that an object is absent; a proxy or another product cannot.
  if (status === 404 && !apiResult.safeParse(answer.json).success) {
    return told("misconfigured", "PingFederate's administrative API does not answer at the administrative address.");
  }
  return error;
}

/** Microsoft Graph v1.0, signed in as the portal's application. */
import { z } from "zod";
import {
  openAdministration,
  throughReplicationLag,
  type Administration,
  type AdministrationSession,
} from "#lib/connector-kit/administration.ts";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { bearerSession, credentialsOf, secretsOfSignIn, thumbprintsOf } from "#lib/connector-kit/sign-in.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import { graphOf, signInEndpointOf } from "./cloud.ts";
import type { Connection } from "./config.ts";
import { explainGraph, explainingToken, isLag } from "./refusals.ts";

export type Graph = Pick<Administration, "run" | "read" | "signIn"> & {
  /** Reads a list to its end, page by page (learn.microsoft.com/graph/paging). */
  readAll<S extends z.ZodType>(request: { path: string; doing: string }, item: S): Promise<z.output<S>[]>;
  /**
   * Repeats a call that touches what was written a moment ago while a replica does not know it yet.
   *
   * @param isLate failures that mean the same, beside those of `isLag`
   */
  patiently<T>(call: () => Promise<T>, isLate?: (error: unknown) => boolean): Promise<T>;
};

/** More pages than a directory has of anything that is read here: a list that never ends is no list. */
const maximumPages = 200;

/**
 * Opens Graph. Nothing is sent before the first call.
 *
 * @param settings of the key manager; their addresses are looked at when the portal signs in
 */
export function openGraph(
  settings: KeyManagerSettings<Connection>,
  { fetch, clock }: Pick<ConnectorDependencies, "fetch" | "clock">,
): Graph {
  const { connection } = settings;
  const graph = graphOf(connection);
  const administration = openAdministration(
    {
      base: `${graph}/v1.0`,
      signIn: () => explainingToken("Signing in", signIn),
      secrets: secretsOfSignIn(connection.signIn),
      apiName: "Microsoft Graph",
      explain: explainGraph,
    },
    { fetch, clock },
  );

  function signIn(): Promise<AdministrationSession> {
    return bearerSession(
      { fetch, clock },
      {
        tokenEndpoint: signInEndpointOf(settings),
        credentials: portalCredentials(connection),
        // An application gets what it was granted at one resource (client credentials flow of Entra).
        scopes: [`${graph}/.default`],
      },
    );
  }

  const pageOf = <S extends z.ZodType>(item: S) =>
    z.object({ value: z.array(item).max(1000), "@odata.nextLink": z.url({ protocol: /^https?$/ }).optional() });

  return {
    ...administration,

    async readAll({ path, doing }, item) {
      const schema = pageOf(item);
      const found: z.output<typeof item>[] = [];
      let next: string | undefined = path;
      for (let page = 0; next !== undefined; page += 1) {
        if (page === maximumPages || (page > 0 && !isOfGraph(next))) {
          throw new ConnectorError(
            "bad_response",
            `${doing} failed: the list goes on where none of Microsoft Graph can.`,
          );
        }
        const { value, "@odata.nextLink": link }: z.output<typeof schema> = await administration.read(
          { method: "GET", path: next, doing },
          schema,
        );
        found.push(...value);
        next = link;
      }
      return found;
    },

    patiently: (call, isLate = () => false) =>
      throughReplicationLag(call, {
        isLag: (error) => isLag(error) || isLate(error),
        budgetMs: connection.replicationWaitSeconds * 1000,
      }),
  };

  /** The next page's address comes from outside; the session goes to Graph alone. */
  function isOfGraph(address: string): boolean {
    return address.startsWith(`${graph}/v1.0/`);
  }
}

/**
 * The portal's own credentials.
 *
 * @throws {ConnectorError} `misconfigured` where the certificate is none
 */
export function portalCredentials({ signIn }: Connection): ClientCredentials {
  if (signIn.method === "client_secret") return credentialsOf(signIn);
  const { certificate, ...rest } = signIn;
  try {
    return { ...rest, thumbprints: thumbprintsOf(certificate) };
  } catch (cause) {
    throw new ConnectorError(
      "misconfigured",
      "Certificate: this is a public key. Enter the certificate (-----BEGIN CERTIFICATE-----).",
      { cause },
    );
  }
}

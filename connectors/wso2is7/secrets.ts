import { z } from "zod";
import type { ConsumerSecretFacts, RegisteredClient, SecretManagement } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError } from "#lib/connector-kit/errors.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { oidcAt, type Applications } from "./applications.ts";
import type { Server } from "./server.ts";
import { oidcConfiguration, secretOf, toRegisteredClient } from "./wire.ts";

const moment = z.number().min(0).max(253_402_300_799).nullish();

const secretEntry = z.object({
  secretId: z.string().min(1).max(255),
  secretValue: z.string().max(10_000).nullish(),
  /** Seconds since the epoch; 0 never ends. */
  expiresAt: moment,
  createdAt: moment,
  status: z.string().max(100),
});
const secretList = z.object({ list: z.array(secretEntry).max(1000).nullish() });

function toFacts({ secretId, secretValue, expiresAt, createdAt, status }: z.output<typeof secretEntry>) {
  const secret = secretOf(secretValue);
  return {
    id: secretId,
    ...(secret && { hint: `…${secret.reveal().slice(-4)}` }),
    ...(createdAt && { createdAt: new Date(createdAt * 1000) }),
    ...(expiresAt && { expiresAt: new Date(expiresAt * 1000) }),
    isActive: status === "ACTIVE",
  };
}

/**
 * Several secrets of one client: a part of the API that came after 7.0 (applications.yaml, …/oidc/secrets).
 * Every method throws `unsupported` at servers without it.
 */
export function openSecrets({ administration }: Server, applications: Applications, clock: Clock): SecretManagement {
  /** The client is there, so an address that is not found is one that this version does not have. */
  async function inNewVersions<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (!isConnectorError(error) || !["not_found", "unsupported"].includes(error.kind)) throw error;
      throw new ConnectorError(
        "unsupported",
        "This version of the server keeps one secret for each client. It can be replaced, or update the server.",
        { ...(error.status !== undefined && { status: error.status }), cause: error },
      );
    }
  }

  async function listOf(applicationId: string): Promise<ConsumerSecretFacts[]> {
    const request = { method: "GET", path: `${oidcAt(applicationId)}/secrets`, doing: "Listing the secrets" } as const;
    const { list } = await inNewVersions(administration.read(request, secretList));
    return (list ?? []).map(toFacts);
  }

  return {
    async list(client) {
      return listOf((await applications.demand(client)).application.id);
    },

    async add(client, { expiresAt }) {
      const found = await applications.demand(client);
      if (expiresAt && expiresAt <= clock.now()) {
        throw new ConnectorError("rejected", "The new secret would have ended already. Choose a time in the future.");
      }
      const body = expiresAt ? { expiresAt: Math.ceil(expiresAt.getTime() / 1000) } : {};
      const path = `${oidcAt(found.application.id)}/secrets`;
      const request = { method: "POST", path, body, doing: "Making a further secret" } as const;
      const shown = secretEntry.extend({ secretValue: z.string().min(1).max(10_000) });
      const made = await inNewVersions(administration.read(request, shown));
      return { client: withSecret(toRegisteredClient(found), new Secret(made.secretValue)), secret: toFacts(made) };
    },

    async remove(client, secretId) {
      const { application } = await applications.demand(client);
      const known = await listOf(application.id);
      if (!known.some(({ id }) => id === secretId)) return;
      const path = `${oidcAt(application.id)}/secrets/${encodeURIComponent(secretId)}`;
      await administration.run({ method: "DELETE", path, doing: "Ending a secret" });
    },
  };
}

/**
 * Makes a new secret; all others end, and so do tokens and codes (OAuthAdminService.updateAndRetrieveOauthSecretKey).
 *
 * @throws {ConnectorError} as the API refuses; `bad_response` where the answer holds no secret
 */
export async function replaceSecret({ administration }: Server, applicationId: string): Promise<Secret> {
  const path = `${oidcAt(applicationId)}/regenerate-secret`;
  const request = { method: "POST", path, doing: "Making a new secret" } as const;
  const shown = oidcConfiguration.pick({ clientId: true }).extend({ clientSecret: z.string().min(1).max(10_000) });
  return new Secret((await administration.read(request, shown)).clientSecret);
}

/** The client with another secret. */
export function withSecret(client: RegisteredClient, consumerSecret: Secret): RegisteredClient {
  return { ...client, ref: { ...client.ref, consumerSecret } };
}

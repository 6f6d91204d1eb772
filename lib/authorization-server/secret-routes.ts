/** The routes that client-secrets.ts describes. */
import type { Client } from "oidc-provider";
import { z } from "zod";
import type { ClientSecretRecord } from "#lib/data/client-secrets.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { clientSegment } from "./addresses.ts";
import type { SecretWish } from "./client-secret.ts";
import { maximumSecrets, type ClientSecrets, type MadeSecret, type SecretRefusal } from "./client-secrets.ts";
import { isPlainText } from "./client-metadata.ts";
import { managedAt, unauthorized, type JsonAnswer, type ManagementOptions } from "./management.ts";
import type { AskedRoute } from "./scope-routes.ts";

export type SecretRouteOptions = ManagementOptions & { secrets: ClientSecrets; clock: Clock };

type Route = { clientId: string; of: "rotation" | "all" } | { clientId: string; of: "one"; secretId: string };

/**
 * Answers what concerns the secrets of one client.
 *
 * @returns null for any other path
 */
export async function answerSecretRoute(options: SecretRouteOptions, asked: AskedRoute): Promise<JsonAnswer | null> {
  const route = readRoute(asked.path);
  if (!route) return null;
  const { provider, issuer, secrets, clock } = options;
  const registration = await provider.RegistrationAccessToken.find(asked.bearer);
  const client = await provider.Client.find(route.clientId);
  if (!registration || !client || registration.clientId !== client.clientId) return unauthorized(issuer);
  if (client.tokenEndpointAuthMethod === "none" && asked.method !== "GET") {
    return refusal(400, "this client authenticates with no secret: change its token_endpoint_auth_method first");
  }

  const handedOut = (status: number, made: MadeSecret | SecretRefusal): JsonAnswer =>
    "refused" in made ? toAnswer(made, issuer) : { status, body: toBody(options, client, asked.bearer, made) };

  switch (`${asked.method} ${route.of}`) {
    case "POST rotation":
      return handedOut(200, await secrets.replace(client.clientId));
    case "GET all":
      return { status: 200, body: { secrets: (await secrets.list(client.clientId)).map(toFacts) } };
    case "POST all": {
      const body = await asked.readBody();
      if (body === null) return { status: 413, body: { error: "invalid_request" } };
      const wish = readWish(body, clock.now());
      return "problem" in wish ? refusal(400, wish.problem) : handedOut(201, await secrets.add(client.clientId, wish));
    }
    case "DELETE one": {
      const refused = await secrets.remove(client.clientId, route.of === "one" ? route.secretId : "");
      return refused ? toAnswer(refused, issuer) : { status: 204, body: null };
    }
    default:
      return { status: 405, body: { error: "invalid_request" } };
  }
}

const paths = new RegExp(`^/reg/(${clientSegment})/(?:(secret)|secrets(?:/([A-Za-z0-9-]{1,64}))?)$`);

function readRoute(path: string): Route | null {
  const [, clientId, rotation, secretId] = paths.exec(path) ?? [];
  if (clientId === undefined) return null;
  if (rotation !== undefined) return { clientId, of: "rotation" };
  return secretId === undefined ? { clientId, of: "all" } : { clientId, of: "one", secretId };
}

const latest = 253_402_300_799;
const wishShape = z.object({
  description: z
    .string()
    .refine(isPlainText)
    .nullish()
    .transform((text) => text ?? ""),
  /** Seconds since the epoch; 0 never (RFC 7591 §3.2.1). */
  expires_at: z
    .int()
    .min(0)
    .max(latest)
    .nullish()
    .transform((seconds) => (seconds ? new Date(seconds * 1000) : null)),
});
const problems: Record<string, string> = {
  description: "description must be a text of at most 200 characters without control characters",
  expires_at: "expires_at must be a time in the future, in whole seconds since 1970, or 0 for never",
};

function readWish(body: unknown, now: Date): SecretWish | { problem: string } {
  const { data, error } = wishShape.safeParse(body);
  const wrong = error ? String(error.issues[0]?.path[0]) : undefined;
  if (!data) return { problem: problems[wrong ?? ""] ?? "the body must be a JSON object" };
  const { description, expires_at: expiresAt } = data;
  return expiresAt && expiresAt <= now ? { problem: problems["expires_at"] ?? "" } : { description, expiresAt };
}

function toFacts({ id, hint, description, createdAt, expiresAt }: ClientSecretRecord) {
  return {
    id,
    ...(hint !== null && { hint: `…${hint}` }),
    description,
    created_at: Math.floor(createdAt.getTime() / 1000),
    expires_at: secondsOf(expiresAt),
  };
}

function secondsOf(time: Date | null): number {
  return time ? Math.floor(time.getTime() / 1000) : 0;
}

function toBody(options: ManagementOptions, client: Client, token: string, { secret, record }: MadeSecret) {
  return {
    ...client.metadata(),
    client_secret: secret,
    client_secret_expires_at: secondsOf(record.expiresAt),
    secret: toFacts(record),
    ...managedAt(options, client, token),
  };
}

const refusals = {
  too_many: `this client has ${String(maximumSecrets)} secrets, which is as many as it may have: remove one first`,
  last_one: "this is the last secret that works: add another first, or replace it",
};

function toAnswer({ refused }: SecretRefusal, issuer: string): JsonAnswer {
  return refused === "no_client" ? unauthorized(issuer) : refusal(409, refusals[refused]);
}

function refusal(status: number, problem: string): JsonAnswer {
  return { status, body: { error: "invalid_client_metadata", error_description: problem } };
}

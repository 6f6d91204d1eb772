/** One good call as each face is asked about it, and the key manager whose key signed its token. */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { exportSPKI, importJWK, type CryptoKey } from "jose";
import { z } from "zod";
import { tenantDb } from "#lib/data/database.ts";
import type { gatewayTenant } from "#tooling/testing/gateway.ts";
import { consumerKey, signToken, type SigningPair } from "#tooling/testing/validation.ts";
import type { World } from "./world.ts";

export type Tenant = Awaited<ReturnType<typeof gatewayTenant>>;
type Admitted = Pick<Tenant, "credential">;

/** A request, as load.ts sends it. */
export type Question = {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
};

const lifeSeconds = 3_600;
/** Of the tenant's API; it asks for the scope `orders:read`. */
export const callPath = "/orders/1.0.0/items/7";

/**
 * A token that lives longer than any measurement.
 *
 * @param options.client whose it is
 * @param options.id its `jti`; each token with one of its own is a new one to who keeps facts
 */
export function tokenOf(
  pair: SigningPair,
  { client = consumerKey, id = client }: { client?: string; id?: string } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return signToken(pair, { claims: { client_id: client, jti: id, exp: now + lifeSeconds } }, now);
}

/** As nginx asks with `auth_request`. */
export function asNginx(token: string, { credential }: Admitted): Question {
  return {
    method: "GET",
    path: "/gateway/nginx/auth",
    headers: {
      "x-latchkey-gateway": credential,
      "x-original-method": "GET",
      "x-original-uri": callPath,
      authorization: `Bearer ${token}`,
    },
  };
}

/** As any other gateway asks, in JSON. */
export function asJson(token: string, { credential }: Admitted): Question {
  return {
    method: "POST",
    path: "/gateway/v1/validate",
    headers: { "content-type": "application/json", "x-latchkey-gateway": credential },
    body: JSON.stringify({ token, method: "GET", requestPath: callPath }),
  };
}

/** As any gateway asks about several calls at once. */
export function asBatch(tokens: readonly string[], { credential }: Admitted): Question {
  const questions = tokens.map((token) => ({ token, method: "GET", requestPath: callPath }));
  return {
    method: "POST",
    path: "/gateway/v1/validate/batch",
    headers: { "content-type": "application/json", "x-latchkey-gateway": credential },
    body: JSON.stringify({ questions }),
  };
}

/** As a caller calls the API itself. */
export function asCaller(token: string): Question {
  return { method: "GET", path: callPath, headers: { authorization: `Bearer ${token}` } };
}

/**
 * As RFC 7662 §2.1 asks, by a client that proves itself by HTTP Basic.
 *
 * @param more further parameters
 */
export function asIntrospection(
  token: string,
  { path, clientId, clientSecret }: { path: string; clientId: string; clientSecret: string },
  more: Readonly<Record<string, string>> = {},
): Question {
  return {
    method: "POST",
    path,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`,
    },
    body: new URLSearchParams({ token, ...more }).toString(),
  };
}

/** Lets the tenant's key manager sign with this pair. */
export async function trustPem(deps: World["deps"], tenant: Tenant, pair: SigningPair): Promise<void> {
  const publicKey = (await importJWK(pair.publicJwk, pair.algorithm, { extractable: true })) as CryptoKey;
  await trust(deps, tenant, { kind: "pem", value: await exportSPKI(publicKey) });
}

/** Says where the tenant's key manager publishes its keys, or which one it has. */
export async function trust(
  deps: World["deps"],
  { tenantId, ids }: Tenant,
  signingKeys: { kind: "jwks"; url: string } | { kind: "pem"; value: string },
): Promise<void> {
  await deps.database.inTenant(tenantId, (tx) =>
    tenantDb(tx).keyManager.update({ where: { tenantId, id: ids.keyManager }, data: { signingKeys } }),
  );
}

/** A key manager's key set on loopback. */
export type KeySetServer = {
  url: string;
  /** host:port, as an allow-list names it. */
  address: string;
  /** How many times it was asked for. */
  fetches(): number;
  /** Publishes another one beside the first from now on. */
  add(pair: SigningPair): void;
  /** It does not answer any more; may be called again. */
  stop(): void;
};

export async function serveKeySet(pair: SigningPair): Promise<KeySetServer> {
  const keys = [pair.publicJwk];
  let fetches = 0;
  const server = createServer((_req, res) => {
    fetches++;
    res.end(JSON.stringify({ keys }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${address}/keys`,
    address,
    fetches: () => fetches,
    add: (other) => void keys.push(other.publicJwk),
    stop: () => server.close().closeAllConnections(),
  };
}

export type Answer = { status: number; body: string };

export const isOk = ({ status }: Answer) => status === 200;
/** As the JSON face says it. */
export const isAllowed = ({ status, body }: Answer) => status === 200 && saysTrue(body, "allowed");
/** As the JSON face says it of each of a batch. */
export const areAllowed = ({ status, body }: Answer) => status === 200 && Allowed.safeParse(JSON.parse(body)).success;
/** As RFC 7662 §2.2 says it. */
export const isActive = ({ status, body }: Answer) => status === 200 && saysTrue(body, "active");

const Allowed = z.object({ verdicts: z.array(z.object({ allowed: z.literal(true) })) });

function saysTrue(body: string, member: string): boolean {
  const said: unknown = JSON.parse(body);
  return typeof said === "object" && said !== null && (said as Record<string, unknown>)[member] === true;
}

/** Sends a question once. */
export async function ask(origin: string, { path, method, headers, body }: Question): Promise<Answer> {
  const response = await fetch(origin + path, { method, headers, ...(body !== undefined && { body }) });
  return { status: response.status, body: await response.text() };
}

/**
 * A refusal is an answer too, and a quick one: what is measured must be the way of a good token. A tenant with a million
 * revoked tokens takes ten seconds until it is read.
 */
export async function untilPassed(
  origin: string,
  question: Question,
  passes: (answer: Answer) => boolean = isOk,
): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const answer = await ask(origin, question);
    if (passes(answer)) return;
    if (Date.now() > until) {
      throw new Error(`The token to measure with was refused: ${answer.status} ${answer.body}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

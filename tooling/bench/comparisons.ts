/**
 * What somebody might take instead of asking Latchkey, under the same load, in turn with it. Each server has a process of its
 * own, and each is asked about one good token again and again, as callers that stay use theirs.
 *
 * They do not do the same. The label of a row says what is not checked; whoever compares rates has to compare these too.
 * "Every check" is signature, issuer, audience, times, revocation, scope and subscription.
 */
import { z } from "zod";
import { keycloakUnavailable, startKeycloak } from "#e2e/servers/keycloak.ts";
import { startOidcProvider } from "#e2e/servers/oidc-provider.ts";
import { tenantDb } from "#lib/data/database.ts";
import { gatewayTenant } from "#tooling/testing/gateway.ts";
import { issuer, signingPair, type SigningPair } from "#tooling/testing/validation.ts";
import { startValidator } from "#tooling/testing/validator-process.ts";
import type { Guard } from "./express-server.ts";
import { figure, type Figure } from "./figures.ts";
import { load, rates, share, startInOwnProcess, takeTurns, type Load, type Until } from "./load.ts";
import {
  ask,
  asCaller,
  asIntrospection,
  asJson,
  asNginx,
  callPath,
  isActive,
  isAllowed,
  isOk,
  serveKeySet,
  tokenOf,
  trustPem,
  untilPassed,
  type Answer,
  type Question,
} from "./questions.ts";
import type { Findings } from "./report.ts";
import type { World } from "./world.ts";

type Scale = { rounds: number; warmUps: number; until: Until };
const scales: Record<"full" | "smoke", Scale> = {
  full: { rounds: 9, warmUps: 1, until: { seconds: 2 } },
  smoke: { rounds: 1, warmUps: 0, until: { amount: 100 } },
};
/** A Java program is as fast as it gets only after a while. */
const javaWarmUps = 10;

const group = "compared with";
const audience = "https://orders.example";
const scope = "orders:read";
const unit = "requests/s";

/** Somebody who is asked about a token. */
type Judge = {
  origin: string;
  /** A good one. */
  token: string;
  question(token: string): Question;
  passes(answer: Answer): boolean;
  /** False where everybody passes, whatever their token. */
  refuses?: boolean;
};

/** Adds its figures as they come, and what could not be measured with the reason. */
export async function benchComparisons(world: World, smoke: boolean, { figures, skipped }: Findings): Promise<void> {
  const scale = scales[smoke ? "smoke" : "full"];
  const latchkey = await openLatchkey(world);
  try {
    figures.push(...(await besideMiddleware(latchkey, scale)));
    figures.push(...(await besideOidcProvider(latchkey, scale)));
    const reason = smoke ? "a quick run does not wait for a Keycloak" : keycloakUnavailable();
    if (reason === null) figures.push(...(await besideKeycloak(latchkey, scale)));
    else skipped.push(`comparison with Keycloak: ${reason}`);
  } finally {
    await latchkey.stop();
  }
}

type Latchkey = {
  origin: string;
  pair: SigningPair;
  token: string;
  /** The gateway's. */
  credential: string;
  nginx: Judge;
  json: Judge;
  introspection: Judge;
  introspectionOfCall: Judge;
  stop(): Promise<unknown>;
};

/** A validator, and its faces about a call for which the token has the right issuer, audience, scope and subscription. */
async function openLatchkey({ deps, environment }: World): Promise<Latchkey> {
  const pair = await signingPair();
  const tenant = await gatewayTenant(deps);
  const { tenantId, ids, credential } = tenant;
  await trustPem(deps, tenant, pair);
  await deps.database.inTenant(tenantId, (tx) =>
    tenantDb(tx).api.update({ where: { tenantId, id: ids.api }, data: { audiences: [audience] } }),
  );
  const token = await tokenOf(pair);
  const { origin, stop } = await startValidator({ ...environment, LATCHKEY_VALIDATOR_STATE: "" });
  const client = { path: "/gateway/v1/introspect", clientId: "gateway", clientSecret: credential };
  const call = { method: "GET", path: callPath };
  const face = (question: Judge["question"], passes: Judge["passes"]): Judge => ({ origin, token, question, passes });
  return {
    origin,
    pair,
    token,
    credential,
    nginx: face((asked) => asNginx(asked, tenant), isOk),
    json: face((asked) => asJson(asked, tenant), isAllowed),
    introspection: face((asked) => asIntrospection(asked, client), isActive),
    introspectionOfCall: face((asked) => asIntrospection(asked, client, call), isActive),
    stop,
  };
}

/**
 * A Node server that reads the token itself (signature, issuer, audience, times, scope: what the token says, so that neither
 * subscription nor revocation can be seen), one that asks Latchkey, and one that lets everybody in.
 */
async function besideMiddleware(latchkey: Latchkey, scale: Scale): Promise<Figure[]> {
  const { origin: url, credential, token, pair, nginx, json } = latchkey;
  const keySet = await serveKeySet(pair);
  const { algorithm } = pair;
  const open = await startExpress({ kind: "none" }, token);
  const reading = await startExpress({ kind: "jwt", issuer, audience, keySetUrl: keySet.url, algorithm, scope }, token);
  const asking = await startExpress({ kind: "latchkey", url, credential }, token);
  try {
    const loads = await measure({ open: { ...open, refuses: false }, reading, asking, nginx, json }, scale);
    const beside = (what: string, ones: Load[]) =>
      row(what, ones, { others: loads.reading, to: "express-oauth2-jwt-bearer" });
    return [
      row("Express, open to everybody", loads.open),
      row("Express with express-oauth2-jwt-bearer: no subscription, no revocation", loads.reading, {
        others: loads.open,
        to: "open to everybody",
      }),
      beside("Express with Latchkey's middleware: every check", loads.asking),
      beside("Latchkey, nginx face: every check", loads.nginx),
      beside("Latchkey, JSON face: every check", loads.json),
    ];
  } finally {
    for (const { stop } of [open, reading, asking]) await stop();
    keySet.stop();
  }
}

async function startExpress(guard: Guard, token: string): Promise<Judge & { stop(): Promise<void> }> {
  const script = new URL("./express-server.ts", import.meta.url);
  const { url, stop } = await startInOwnProcess(script, { BENCH_GUARD: JSON.stringify(guard) });
  return { origin: url, token, question: asCaller, passes: isOk, stop };
}

/**
 * An authorization server that has its tokens in memory, and looks them up there: that it issued the token, its times, and
 * whether it was revoked. It looks at no JWT (RFC 7662 would let it), so its token is an opaque one.
 */
async function besideOidcProvider(latchkey: Latchkey, scale: Scale): Promise<Figure[]> {
  const provider = await startOidcProvider();
  try {
    const provided = await introspectionAt(provider, await provider.createClient());
    const { introspection, introspectionOfCall } = latchkey;
    const loads = await measure({ provided, introspection, introspectionOfCall }, scale);
    const beside = (what: string, ones: Load[]) => row(what, ones, { others: loads.provided, to: "oidc-provider" });
    return [
      row("oidc-provider, introspection: no audience, scope, subscription", loads.provided),
      beside("Latchkey, introspection: no audience, scope, subscription", loads.introspection),
      beside("Latchkey, introspection of a call: every check", loads.introspectionOfCall),
    ];
  } finally {
    await provider.stop();
  }
}

/**
 * An authorization server that verifies its JWT each time (signature, issuer, times, that who asks is an audience), and looks
 * whether its client is still there and the token was revoked; with its database in memory.
 */
async function besideKeycloak(latchkey: Latchkey, scale: Scale): Promise<Figure[]> {
  const keycloak = await startKeycloak({ quickStart: false });
  try {
    const holder = await keycloak.createClient({
      clientId: "measured",
      // Who asks has to be among the token's audiences.
      protocolMappers: [
        {
          name: "who asks",
          protocol: "openid-connect",
          protocolMapper: "oidc-audience-mapper",
          config: { "included.client.audience": keycloak.portalClient.clientId, "access.token.claim": "true" },
        },
      ],
    });
    const realm = await introspectionAt(keycloak, holder);
    const { introspection } = latchkey;
    const loads = await measure({ realm, introspection }, { ...scale, warmUps: javaWarmUps });
    return [
      row("Keycloak, introspection: no scope, no subscription", loads.realm),
      row("Latchkey, introspection: no audience, scope, subscription", loads.introspection, {
        others: loads.realm,
        to: "Keycloak",
      }),
    ];
  } finally {
    await keycloak.stop();
  }
}

const endpoints = z.object({ token_endpoint: z.url(), introspection_endpoint: z.url() });
const issued = z.object({ access_token: z.string() });
type Client = { clientId: string; clientSecret: string };

/** Gets a token for a client, and lets another one ask about it. */
async function introspectionAt(
  { wellKnownUrl, portalClient }: { wellKnownUrl: string; portalClient: Client },
  holder: Client,
): Promise<Judge> {
  const found = endpoints.parse(await (await fetch(wellKnownUrl)).json());
  const introspectionEndpoint = new URL(found.introspection_endpoint);
  const response = await fetch(found.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: holder.clientId,
      client_secret: holder.clientSecret,
    }),
  });
  const { access_token: token } = issued.parse(await response.json());
  const client = { path: introspectionEndpoint.pathname, ...portalClient };
  return {
    origin: introspectionEndpoint.origin,
    token,
    question: (asked) => asIntrospection(asked, client),
    passes: isActive,
  };
}

/**
 * Measures judges in turn.
 *
 * @throws {Error} where one refuses its good token, before or after, or lets in one that nobody issued: the rate of such a
 * judge says nothing
 */
async function measure<Name extends string>(
  judges: Readonly<Record<Name, Judge>>,
  { until, ...turns }: Scale,
): Promise<Record<Name, Load[]>> {
  const entries = Object.entries(judges) as [Name, Judge][];
  for (const [, judge] of entries) await requireJudgement(judge);
  const loads = entries.map(([name, { origin, question, token }]) => [
    name,
    () => load(origin, [question(token)], until),
  ]);
  const measured = await takeTurns(Object.fromEntries(loads) as Record<Name, () => Promise<Load>>, turns);
  for (const [, { origin, question, token, passes }] of entries) await untilPassed(origin, question(token), passes);
  return measured;
}

async function requireJudgement({ origin, token, question, passes, refuses = true }: Judge): Promise<void> {
  await untilPassed(origin, question(token), passes);
  const forged = `${token.slice(0, -8)}AAAAAAAA`;
  if (refuses && passes(await ask(origin, question(forged)))) {
    throw new Error(`${origin} lets a token in that nobody issued.`);
  }
}

function row(what: string, ones: Load[], beside?: { others: Load[]; to: string }): Figure {
  const ratio = beside && { value: share(ones, beside.others), to: beside.to };
  return figure(group, what, { values: rates(ones), unit, ...(ratio && { ratio }) });
}

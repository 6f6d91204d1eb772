/**
 * Scopes at the built-in authorization server: those of the tenant's APIs, those that were saved here, and which of
 * them a client may have in tokens of its own.
 *
 * Routes beside the standards, each with the initial access token of the registration endpoint:
 * - `GET /scopes`: `{ scopes: [{ name, description }] }`, those that were saved here.
 * - `PUT /scopes/{name}` with `{ description }`: saves one.
 * - `DELETE /scopes/{name}`: removes one. A scope of an API goes on being offered.
 * - `PUT /reg/{client_id}/scopes` with `{ scopes: […] }`: the client may have these, and no others, in tokens that it
 *   gets by client credentials (RFC 6749 §4.4) or token exchange (RFC 8693), while the tenant's administrator wants
 *   application scopes. Until it is said of a client, it may have every scope.
 */
import { errors, type Client } from "oidc-provider";
import { z } from "zod";
import {
  deleteAuthorizationState,
  findAuthorizationState,
  listAuthorizationStates,
  saveAuthorizationState,
} from "#lib/data/authorization-state.ts";
import type { Database } from "#lib/data/database.ts";
import { limitsApplications, listOfferedAudiences, listOfferedScopes } from "#lib/data/issuers.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { JsonAnswer } from "./management.ts";
import { remember } from "./remember.ts";

/** What the tenant's APIs offer. */
export type Offer = {
  scopes: ReadonlySet<string>;
  audiences: ReadonlySet<string>;
  /** Whether what a client was granted limits it. */
  limited: boolean;
};

export type ScopesOptions = {
  database: Database;
  clock: Clock;
  tenantId: TenantId;
  /** Audience of tokens that name none. */
  audience: string;
  /** Connectors whose key managers stand for the tenant's own authorization server. */
  connectorIds: readonly string[];
};

export type Scopes = {
  /** What may be asked for; read from memory for a moment. */
  offer(): Promise<Offer>;
  /** @throws {errors.InvalidScope} naming a scope that the client was not granted (RFC 6749 §5.2) */
  refuseUngranted(client: Client, asked: Iterable<string>): Promise<void>;
  list(): Promise<JsonAnswer>;
  save(name: string, body: unknown): Promise<JsonAnswer>;
  remove(name: string): Promise<JsonAnswer>;
  grant(clientId: string, body: unknown): Promise<JsonAnswer>;
};

/** How long what the tenant's APIs offer may be read from memory. */
const offerCacheMs = 2_000;

const savedModel = "SavedScope";
const grantModel = "GrantedScopes";

// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
const scopeName = z
  .string()
  .max(200)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
const description = z.string().max(2_000);
const scopeBody = z.object({ description: description.default("") });
const grantBody = z.object({ scopes: z.array(scopeName).max(2_000) });

/** Scopes of one tenant's server. */
export function createScopes({ database, clock, tenantId, audience, connectorIds }: ScopesOptions): Scopes {
  const inTenant = <T>(work: Parameters<typeof database.inTenant<T>>[1]) => database.inTenant(tenantId, work);

  const offer = remember(offerCacheMs, clock, () =>
    inTenant(async (tx): Promise<Offer> => {
      const ofApis = await listOfferedScopes(tx);
      const saved = await listAuthorizationStates(tx, savedModel);
      const audiences = await listOfferedAudiences(tx);
      return {
        scopes: new Set([...ofApis.map(({ name }) => name), ...saved.map(({ id }) => id)]),
        audiences: new Set([audience, ...audiences]),
        limited: await limitsApplications(tx, connectorIds),
      };
    }),
  );

  return {
    offer: offer.read,

    async refuseUngranted(client, asked) {
      if (!(await offer.read()).limited) return;
      const stored = await inTenant((tx) => findAuthorizationState(tx, { model: grantModel, id: client.clientId }));
      if (!stored) return;
      const granted = new Set(grantBody.parse(stored.payload).scopes);
      for (const scope of asked) {
        if (!granted.has(scope)) throw new errors.InvalidScope("this client was not granted this scope", scope);
      }
    },

    async list() {
      const saved = await inTenant((tx) => listAuthorizationStates(tx, savedModel));
      const scopes = saved.map(({ id, payload }) => ({ name: id, ...scopeBody.parse(payload) }));
      return { status: 200, body: { scopes } };
    },

    async save(name, body) {
      const wanted = z.object({ name: scopeName, body: scopeBody }).safeParse({ name, body });
      if (!wanted.success) return refused("invalid_request", "a scope has a name (RFC 6749 §3.3) and a description");
      await inTenant((tx) => saveAuthorizationState(tx, { ...row(savedModel, name), payload: wanted.data.body }));
      offer.forget();
      return { status: 200, body: { name, ...wanted.data.body } };
    },

    async remove(name) {
      await inTenant((tx) => deleteAuthorizationState(tx, { model: savedModel, id: name }));
      offer.forget();
      return { status: 204, body: null };
    },

    async grant(clientId, body) {
      const wanted = grantBody.safeParse(body);
      if (!wanted.success) return refused("invalid_request", "scopes must be a list of scope names");
      const { scopes } = wanted.data;
      offer.forget();
      const offered = (await offer.read()).scopes;
      const unknown = scopes.find((scope) => !offered.has(scope));
      if (unknown !== undefined) return refused("invalid_scope", `no API here has the scope ${unknown}`);
      return inTenant(async (tx): Promise<JsonAnswer> => {
        if (!(await findAuthorizationState(tx, { model: "Client", id: clientId }))) {
          return { status: 404, body: { error: "invalid_client", error_description: "there is no such client" } };
        }
        await saveAuthorizationState(tx, { ...row(grantModel, clientId), clientId, payload: { scopes } });
        return { status: 200, body: { scopes } };
      });
    },
  };
}

function row(model: string, id: string) {
  return { model, id, grantId: null, clientId: null, accountId: null, uid: null, expiresAt: null };
}

function refused(error: string, problem: string): JsonAnswer {
  return { status: 400, body: { error, error_description: problem } };
}

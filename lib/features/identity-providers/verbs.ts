/** The identity providers of a tenant: adding, changing, switching, deleting. */
import { z } from "zod";
import { isUniqueViolation } from "#lib/data/database.ts";
import {
  deleteIdentityProvider as remove,
  findIdentityProvider,
  insertIdentityProvider,
  listIdentityProviders as readAll,
  updateIdentityProvider,
  type IdentityProviderRecord,
} from "#lib/data/identity-providers.ts";
import { isConnectorError } from "#lib/foundation/connector-error.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { newId, type IdentityProviderId, type TenantId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { OpenIdEndpoints, signatureAlgorithms } from "#lib/protocol/authorization-code.ts";
import { discover, type Discovery } from "#lib/protocol/discovery.ts";
import { actorId } from "../context.ts";
import { defineMutation, defineProvisioning, defineQuery, type QueryContext } from "../verb.ts";
import {
  AddIdentityProviderInput,
  EditIdentityProviderInput,
  IdentityProviderRef,
  SetIdentityProviderEnabledInput,
  type IdentityProviderView,
} from "./contract.ts";

/** Where a provider sends people back to. It never changes: it is registered at the provider. */
export function redirectUriOf(origin: string, id: string): string {
  return `${origin}/api/auth/callback/${id}`;
}

/** Where the client secret of a provider is sealed. */
export function secretPlace(tenantId: TenantId, recordId: string) {
  return { tenantId, table: "identity_provider", recordId, field: "clientSecret" };
}

function toView(origin: string, record: IdentityProviderRecord): IdentityProviderView {
  const { id, name, issuer, clientId, initialRoles, enabled } = record;
  return { id, name, issuer, clientId, initialRoles, enabled, redirectUri: redirectUriOf(origin, id) };
}

/** Every identity provider of the tenant, by name. */
export const listIdentityProviders = defineQuery({
  action: "identity_provider.list",
  permission: "identity_provider:read",
  input: z.strictObject({}),
  async run(ctx): Promise<IdentityProviderView[]> {
    return (await readAll(ctx)).map((record) => toView(ctx.deps.origin, record));
  },
});

/** @throws {AppError} `identity_provider.not_found` */
export const getIdentityProvider = defineQuery({
  action: "identity_provider.get",
  permission: "identity_provider:read",
  input: IdentityProviderRef,
  async run(ctx, { id }): Promise<IdentityProviderView> {
    return toView(ctx.deps.origin, await requireProvider(ctx, id));
  },
});

async function requireProvider(ctx: QueryContext, id: string): Promise<IdentityProviderRecord> {
  const record = await findIdentityProvider(ctx, id as IdentityProviderId);
  if (!record) throw new AppError("identity_provider.not_found");
  return record;
}

/**
 * Adds an identity provider after reading its metadata. No transaction is open while its server is asked.
 *
 * @throws {AppError} `discovery.failed` at `issuer`; `identity_provider.conflict`
 */
export const addIdentityProvider = defineProvisioning({
  action: "identity_provider.add",
  permission: "identity_provider:write",
  input: AddIdentityProviderInput,
  intend: (ctx, input) => Promise.resolve(input),
  async call(ctx, { issuer }) {
    await ctx.deps.probeLimiter.admit("discovery", actorId(ctx.actor) ?? ctx.tenant.id);
    return discover(ctx.deps.outbound, issuer);
  },
  async settle(ctx, { name, clientId, clientSecret, initialRoles }, outcome) {
    if (!outcome.ok) return { refused: discoveryFailed(outcome.error) };
    const { issuer } = outcome.value.metadata;
    const endpoints = endpointsOf(outcome.value);
    if (!endpoints) return { refused: notOpenId() };
    const id = newId<IdentityProviderId>();
    const record = await insertIdentityProvider(ctx, id, {
      name,
      issuer,
      clientId,
      sealedClientSecret: ctx.deps.vault.seal(secretPlace(ctx.tenant.id, id), new Secret(clientSecret)),
      endpoints,
      initialRoles,
      enabled: true,
    }).catch(refuseDuplicate);
    ctx.audit({
      subject: { type: "identity_provider", id, name },
      after: { name, issuer, clientId, initialRoles },
    });
    return { view: toView(ctx.deps.origin, record) };
  },
});

/** Changes name, client and first roles. The issuer stays: the people known through it are known by it. */
export const editIdentityProvider = defineMutation({
  action: "identity_provider.edit",
  permission: "identity_provider:write",
  input: EditIdentityProviderInput,
  async run(ctx, { id, clientSecret, ...values }): Promise<IdentityProviderView> {
    const before = await requireProvider(ctx, id);
    const { vault, origin } = ctx.deps;
    const sealed = clientSecret && vault.seal(secretPlace(ctx.tenant.id, before.id), new Secret(clientSecret));
    const record = await updateIdentityProvider(ctx, before.id, {
      ...values,
      ...(sealed ? { sealedClientSecret: sealed } : {}),
    }).catch(refuseDuplicate);
    const facts = ({ name, clientId, initialRoles }: typeof values) => ({ name, clientId, initialRoles });
    ctx.audit({
      subject: { type: "identity_provider", id, name: before.name },
      before: facts(before),
      after: { ...facts(values), ...(sealed ? { clientSecret: "changed" } : {}) },
    });
    return toView(origin, record);
  },
});

/** Lets people sign in through it, or no longer. Sessions that exist stay. */
export const setIdentityProviderEnabled = defineMutation({
  action: "identity_provider.set_enabled",
  permission: "identity_provider:write",
  input: SetIdentityProviderEnabledInput,
  async run(ctx, { id, enabled }): Promise<IdentityProviderView> {
    const before = await requireProvider(ctx, id);
    const record = await updateIdentityProvider(ctx, before.id, { enabled });
    ctx.audit({
      subject: { type: "identity_provider", id, name: before.name },
      before: { enabled: before.enabled },
      after: { enabled },
    });
    return toView(ctx.deps.origin, record);
  },
});

/** Deletes it with the identities known through it. The people stay, and need another way to sign in. */
export const deleteIdentityProvider = defineMutation({
  action: "identity_provider.delete",
  permission: "identity_provider:write",
  input: IdentityProviderRef,
  async run(ctx, { id }): Promise<void> {
    const { id: known, name, issuer, clientId } = await requireProvider(ctx, id);
    await remove(ctx, known);
    ctx.audit({ subject: { type: "identity_provider", id, name }, before: { name, issuer, clientId } });
  },
});

const further = z.object({
  id_token_signing_alg_values_supported: z.array(z.string()).optional().catch(undefined),
  authorization_response_iss_parameter_supported: z.boolean().optional().catch(undefined),
});

/** What a sign-in needs of the metadata; undefined where it is no OpenID provider. */
function endpointsOf({ metadata, document }: Discovery): OpenIdEndpoints | undefined {
  const told = further.parse(document);
  const methods = metadata.token_endpoint_auth_methods_supported;
  const offered = told.id_token_signing_alg_values_supported ?? ["RS256"];
  const result = OpenIdEndpoints.safeParse({
    authorization: metadata.authorization_endpoint,
    token: metadata.token_endpoint,
    keySet: metadata.jwks_uri,
    userinfo: metadata.userinfo_endpoint,
    // OpenID Connect Discovery 1.0 §3: basic where nothing is said.
    clientAuthentication:
      !methods || methods.includes("client_secret_basic") ? "client_secret_basic" : "client_secret_post",
    algorithms: signatureAlgorithms.filter((name) => offered.includes(name)),
    namesItself: told.authorization_response_iss_parameter_supported ?? false,
  });
  return result.success ? result.data : undefined;
}

function discoveryFailed(error: unknown): AppError {
  if (!isConnectorError(error)) throw error;
  const { message } = error;
  return new AppError("discovery.failed", { message, fields: [{ path: "issuer", message }], cause: error });
}

function notOpenId(): AppError {
  const message = "This server does not offer what signing in needs: authorization, token and key set addresses.";
  return new AppError("discovery.failed", { message, fields: [{ path: "issuer", message }] });
}

function refuseDuplicate(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  throw new AppError("identity_provider.conflict", {
    fields: [{ path: "name", message: "Another identity provider has this name. Choose a different one." }],
  });
}

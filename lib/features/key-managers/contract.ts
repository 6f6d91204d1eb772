import { z } from "zod";
import {
  endpointNames,
  type Capability,
  type CredentialForm,
  type EndpointName,
  type Endpoints,
  type EndpointUse,
  type PresetPart,
  type ProbeResult,
  type SigningKeys,
} from "#lib/connector-kit/contract.ts";
import type { Constraints } from "#lib/connector-kit/constraints.ts";
import type { FieldDescriptor, ListDescriptor } from "#lib/connector-kit/descriptors.ts";
import { CursorInput } from "#lib/foundation/cursor.ts";
import type { FieldProblem } from "#lib/foundation/errors.ts";
import { isMappableClaim } from "#lib/foundation/claims.ts";
import { searchText, text } from "#lib/foundation/text.ts";

export { constrainableFields, type ConstrainableField, type ConstraintType } from "#lib/connector-kit/constraints.ts";
export { initialValues } from "#lib/connector-kit/descriptors.ts";
export type { Capability, CredentialForm, EndpointName, FieldDescriptor, PresetPart, ProbeResult };

/** What people call the endpoints, in forms, messages and tables. */
export const endpointLabels = {
  registration: "Client registration endpoint",
  token: "Token endpoint",
  authorization: "Authorization endpoint",
  introspection: "Introspection endpoint",
  revocation: "Revocation endpoint",
  userinfo: "User info endpoint",
  displayToken: "Displayed token endpoint",
  displayRevocation: "Displayed revocation endpoint",
  scopeManagement: "Scope management endpoint",
} as const satisfies Record<EndpointName, string>;

/** What a key manager may be able to do, in a developer's or administrator's words. */
export const abilityLabels = {
  registerClient: "Create, read, change and delete clients",
  findClients: "Find a client whose creation was interrupted",
  proveClient: "Attach an existing client after proof of possession",
  rotateSecret: "Replace a consumer secret",
  secrets: "Several consumer secrets side by side",
  issueToken: "Get a token for a developer",
  exchangeToken: "Exchange another server's token (RFC 8693)",
  revokeToken: "Revoke a token",
  introspectToken: "Ask about a token (opaque tokens)",
  scopes: "Create scopes and grant them to clients",
  changeOwner: "Give a client to its application's new owner",
} as const satisfies Record<Capability, string>;

/** The two ways in which a token of a key manager may reach an API. */
export const invocationMethods = ["DIRECT", "EXCHANGED"] as const;
export type InvocationMethod = (typeof invocationMethods)[number];

const address = text(2000).refine(isWebAddress, { error: "Enter a full address that begins with https://." });

/** http and https only, without a user name in it. Whether it may be called is the outbound guard's word. */
export function isWebAddress(value: string): boolean {
  if (!URL.canParse(value) || /\s/.test(value)) return false;
  const url = new URL(value);
  return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
}

const blankIsNull = <T extends z.ZodType>(schema: T) =>
  z.union([z.literal("").transform(() => null), z.null(), schema]);

const optionalAddress = z.union([z.literal(""), address]).optional();

/** Any endpoint may be left blank here; which ones a key manager needs is its connector's word. */
const endpoints = z
  .strictObject({
    registration: optionalAddress,
    token: optionalAddress,
    authorization: optionalAddress,
    introspection: optionalAddress,
    revocation: optionalAddress,
    userinfo: optionalAddress,
    displayToken: optionalAddress,
    displayRevocation: optionalAddress,
    scopeManagement: optionalAddress,
  } satisfies Record<EndpointName, typeof optionalAddress>)
  .transform((given): Endpoints => {
    const filled: Endpoints = {};
    for (const name of endpointNames) if (given[name]) filled[name] = given[name];
    return filled;
  });

const signingKeys = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("jwks"), url: address }),
  z.strictObject({ kind: z.literal("pem"), value: text(20_000).min(1, "Paste a certificate or public key.") }),
  z.strictObject({ kind: z.literal("none") }),
]);

const grantType = text(100).regex(/^[\x21-\x7e]+$/, "A grant type has no spaces and only plain characters.");
const claimName = text(200).regex(/^\S+$/, "A claim name has no spaces.");

const neededClaim = claimName.min(1, "Enter a claim name.");
const claimMappings = z
  .array(z.strictObject({ remote: neededClaim, local: neededClaim }))
  .max(50, "Use at most 50 claim mappings.")
  .superRefine((mappings, context) => {
    for (const [at, { remote, local }] of mappings.entries()) {
      const complain = (field: "remote" | "local", message: string) =>
        context.addIssue({ code: "custom", path: [at, field], message });
      if (mappings.findIndex((other) => other.remote === remote) < at) {
        complain("remote", `“${remote}” is mapped already.`);
      }
      if (mappings.findIndex((other) => other.local === local) < at) complain("local", `“${local}” is taken already.`);
      if (!isMappableClaim(local))
        complain("local", `“${local}” says what a token is, and is never taken from another.`);
    }
  });

const pattern = text(200).min(1, "Enter a pattern, such as [a-z0-9-]+.");
const claimRules = z
  .array(z.strictObject({ claim: neededClaim, pattern }))
  .min(1, "Name at least one claim.")
  .max(10, "Use at most 10 claims.");

/** Which tokens are the key manager's own, where the issuer alone does not say. */
const tokenHandling = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("NONE") }),
  z.strictObject({ kind: z.literal("REFERENCE"), pattern }),
  z.strictObject({ kind: z.literal("JWT"), claims: claimRules }),
]);
export type TokenHandling = z.output<typeof tokenHandling>;

const name = text(100)
  .min(1, "Enter a name.")
  .regex(/^\S*$/, "Use a name without spaces; the display name may have them.");

/** Everything of a key manager that its administrator may set, its stable name and its kind apart. */
const settings = {
  displayName: text(100).default(""),
  description: text(256).default(""),
  tokenTypes: z
    .array(z.enum(invocationMethods))
    .min(1, "Choose at least one way in which tokens of this key manager reach APIs.")
    .default(["DIRECT"]),
  wellKnownUrl: blankIsNull(address).default(null),
  issuer: text(2000)
    .min(1, "Enter the issuer: the exact value of “iss” in its tokens.")
    .refine((value) => value === "" || isWebAddress(value), {
      error: "Enter the issuer as its tokens carry it: an address that begins with https://.",
    }),
  endpoints: endpoints.default({}),
  grantTypes: z.array(grantType).max(40, "Use at most 40 grant types.").default([]),
  consumerKeyClaim: blankIsNull(claimName).default(null),
  scopesClaim: blankIsNull(claimName).default(null),
  /** Audience that a token must name to be exchanged; needed where tokens are exchanged. */
  exchangeAudience: blankIsNull(text(500)).default(null),
  claimMappings: claimMappings.default([]),
  signingKeys: signingKeys.default({ kind: "none" }),
  validationMethod: z.enum(["SELF", "INTROSPECT"]).default("SELF"),
  tokenHandling: tokenHandling.default({ kind: "NONE" }),
  tokenGeneration: z.boolean().default(true),
  clientCreation: z.boolean().default(true),
  clientMapping: z.boolean().default(true),
  mappedClientCheck: z.boolean().default(true),
  /** Developers choose which scopes the client credentials tokens of a client may carry. */
  applicationScopes: z.boolean().default(false),
  /**
   * Limits on what developers enter, by field key: `{ type, … }`, "" for none. What they may be is the connector's
   * word.
   */
  constraints: z
    .record(z.string().max(300), z.unknown())
    .refine((given) => Object.keys(given).length <= 200, "Use at most 200 limits.")
    .default({}),
  /** The connector's own fields; a secret that is left blank keeps its stored value. */
  connection: z.record(z.string(), z.unknown()).default({}),
  /** Hosts other than the issuer's that the administrator has agreed to send credentials to. */
  confirmedHosts: z.array(text(300)).max(20).default([]),
};

export const RegisterKeyManagerInput = z.strictObject({
  name,
  connectorId: z.string().min(1, "Choose the kind of key manager.").max(60),
  enabled: z.boolean().default(true),
  ...settings,
});
export type RegisterKeyManagerInput = z.input<typeof RegisterKeyManagerInput>;
export type ParsedKeyManager = z.output<typeof RegisterKeyManagerInput>;

export const KeyManagerRef = z.strictObject({ id: z.uuid() });

/** A full replacement. The name may be sent along, and must then be the one it has. */
export const UpdateKeyManagerInput = z.strictObject({
  id: z.uuid(),
  revision: z.number().int().min(1),
  name: name.optional(),
  ...settings,
});
export type UpdateKeyManagerInput = z.input<typeof UpdateKeyManagerInput>;
export type ParsedKeyManagerUpdate = z.output<typeof UpdateKeyManagerInput>;

export const SetKeyManagerEnabledInput = z.strictObject({
  id: z.uuid(),
  revision: z.number().int().min(1),
  enabled: z.boolean(),
});

export const keyManagerSorts = ["name", "-name", "-created"] as const;
/** Most characters of a search. */
export const searchLength = 200;
export const ListKeyManagersInput = z.strictObject({
  search: searchText(searchLength),
  sort: z.enum(keyManagerSorts).default("name"),
  cursor: CursorInput,
  limit: z.number().int().min(1).max(100).default(25),
});

export const ListUsageInput = z.strictObject({
  id: z.uuid(),
  cursor: CursorInput,
  limit: z.number().int().min(1).max(100).default(25),
});

export const DiscoverInput = z.strictObject({
  wellKnownUrl: text(2000).min(1, "Enter the issuer or well-known address."),
});

/** The rungs of the connection test are run in two parts, so that the first results show early. */
export const probeParts = ["server", "access"] as const;
export type ProbePart = (typeof probeParts)[number];

/** Tests what a form holds, saved or not. With an id, blank secrets are taken from what is stored. */
export const TestConnectionInput = z.strictObject({
  part: z.enum(probeParts),
  id: z.uuid().optional(),
  connectorId: z.string().min(1).max(60),
  tokenTypes: settings.tokenTypes,
  wellKnownUrl: settings.wellKnownUrl,
  issuer: settings.issuer,
  endpoints: settings.endpoints,
  signingKeys: settings.signingKeys,
  connection: settings.connection,
  confirmedHosts: settings.confirmedHosts,
});
export type TestConnectionInput = z.input<typeof TestConnectionInput>;

/** Tests a key manager as it is stored. */
export const TestStoredConnectionInput = z.strictObject({ part: z.enum(probeParts), id: z.uuid() });

export type ConnectionTestView = {
  part: ProbePart;
  results: ProbeResult[];
  /** Fields of the form that the server did not accept, such as a wrong secret. */
  problems: FieldProblem[];
};

/** Whether a key manager answers now; if not, what happened, in words for developers. */
export type AnsweringView = { answers: true } | { answers: false; problem: string };

/** A connector as pickers and lists show it. */
export type ConnectorTile = { id: string; name: string; monogram: string };

/** Why a kind of key manager cannot do something, by what it cannot do. */
export type MissingReasons = Readonly<Partial<Record<Capability, string>>>;

/** A connector with everything that its forms need. */
export type ConnectorView = ConnectorTile & {
  summary: string;
  connectionFields: FieldDescriptor[];
  clientFields: FieldDescriptor[];
  endpoints: Readonly<Record<EndpointName, EndpointUse>>;
  grantTypes: string[];
  /** What is taken where the key manager names no claim; the first is the usual one. */
  consumerKeyClaims: string[];
  scopesClaims: string[];
  capabilities: Capability[];
  missing: MissingReasons;
  /** Whether a client may ask for the scopes that it was granted, or for every scope there is. */
  scopeGrants: "each_client" | "any_client";
  /** Set-up steps in Markdown. */
  guide: string;
};

/** Users of a key manager are counted up to here: this many means “this many or more”. */
export const usersCountedTo = 1_000;

export type KeyManagerListItem = {
  id: string;
  name: string;
  displayName: string;
  description: string;
  connector: ConnectorTile;
  /** Each tenant has it by itself; it cannot be deleted. */
  permanent: boolean;
  /** Run by the operators of the installation; its tenants use it and cannot change it. */
  global: boolean;
  /** Its discovery document said that it is a simulator. */
  simulated: boolean;
  tokenTypes: InvocationMethod[];
  issuer: string;
  enabled: boolean;
  usage: { apis: number; applications: number };
  revision: number;
};

export type KeyManagerListView = { items: KeyManagerListItem[]; nextCursor: string | null };

/** A claim of the key manager's tokens, and the name under which it reaches APIs. */
export type ClaimMapping = { remote: string; local: string };

/** Everything about a key manager except its secrets, of which only the paths that are set are told. */
export type KeyManagerView = {
  id: string;
  name: string;
  displayName: string;
  description: string;
  connector: ConnectorView;
  permanent: boolean;
  /** Run by the operators of the installation: its connection and credentials are not told. */
  global: boolean;
  enabled: boolean;
  tokenTypes: InvocationMethod[];
  wellKnownUrl: string | null;
  issuer: string;
  endpoints: Endpoints;
  grantTypes: string[];
  consumerKeyClaim: string | null;
  scopesClaim: string | null;
  exchangeAudience: string | null;
  claimMappings: ClaimMapping[];
  signingKeys: SigningKeys;
  validationMethod: "SELF" | "INTROSPECT";
  tokenHandling: TokenHandling;
  tokenGeneration: boolean;
  clientCreation: boolean;
  clientMapping: boolean;
  mappedClientCheck: boolean;
  applicationScopes: boolean;
  /** Limits on what developers enter, by field key. */
  constraints: Constraints;
  simulated: boolean;
  connection: Record<string, unknown>;
  /** Paths of secret fields that hold a value, such as "clientSecret". */
  secretsSet: string[];
  usage: { apis: number; applications: number };
  revision: number;
  createdAt: string;
  updatedAt: string;
};

/** Where a value of the add form came from. */
export type ValueSource = "discovery" | "connector" | "none";

export type DiscoveredField = {
  /** Path in the form: "issuer", "endpoints.token", "signingKeys", … */
  field: string;
  label: string;
  /** What the document says; null where it says nothing. */
  found: string | null;
  /** What will be used unless the administrator changes it; null leaves the field blank. */
  used: string | null;
  source: ValueSource;
  /** A remark such as "on another host than the issuer". */
  note?: string;
};

/** What discovery found. Nothing is written. */
export type DiscoveryView = {
  /** The document that answered. */
  sourceUrl: string;
  suggestedName: string;
  suggestedDisplayName: string;
  simulated: boolean;
  connector: ConnectorTile;
  /** Why this kind of key manager was guessed, as the end of "because …". */
  reason: string;
  fields: DiscoveredField[];
  /** Hosts other than the issuer's to which credentials would be sent; each must be confirmed. */
  foreignHosts: { host: string; fields: string[] }[];
  values: {
    wellKnownUrl: string;
    issuer: string;
    endpoints: Endpoints;
    signingKeys: SigningKeys;
    grantTypes: string[];
    consumerKeyClaim: string | null;
    scopesClaim: string | null;
  };
};

/** What stops working while a key manager is disabled. */
export type ImpactView = {
  publishedApis: number;
  apisLosingAccess: { count: number; names: string[] };
  applicationsLosingAccess: { count: number; names: string[] };
  applications: number;
  activeKeys: number;
  subscriptions: number;
};

export type UsingApiView = { id: string; name: string; version: string; context: string; published: boolean };
export type UsingApplicationView = { id: string; name: string; ownerName: string; keyTypes: string[] };
export type UsagePage<T> = { items: T[]; nextCursor: string | null; total: number };

/** A key manager as a developer may use it. */
export type UsableKeyManager = {
  id: string;
  name: string;
  displayName: string;
  description: string;
  connector: ConnectorTile;
  /** Its keys may open APIs of other tenants too. */
  global: boolean;
  issuer: string;
  /** Addresses meant for people: the displayed ones where there are any. Blank ones are left out. */
  endpoints: { token?: string; revocation?: string; userinfo?: string; authorization?: string };
  grantTypes: string[];
  tokenTypes: InvocationMethod[];
  tokenGeneration: boolean;
  clientCreation: boolean;
  clientMapping: boolean;
  mappedClientCheck: boolean;
  applicationScopes: boolean;
  simulated: boolean;
  /** The connector's fields, as narrow as the administrator's limits. */
  clientFields: FieldDescriptor[];
  callbackUrls: ListDescriptor;
  capabilities: Capability[];
  missing: MissingReasons;
  /** Which parts of a new client's identity may be chosen, and what the key manager takes. */
  preset: Readonly<Partial<Record<PresetPart, CredentialForm>>>;
};

/** A key manager as a creator may accept it for an API. */
export type ChoosableKeyManager = {
  id: string;
  name: string;
  displayName: string;
  connector: ConnectorTile;
  global: boolean;
  issuer: string;
  enabled: boolean;
};

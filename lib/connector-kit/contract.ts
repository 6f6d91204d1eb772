/**
 * The connector contract: what a module must provide so that Latchkey can work with one kind of
 * authorization server. A connector never reaches for anything global; all it needs is handed to it.
 */
import type { z } from "zod";
import type { Clock } from "#lib/foundation/clock.ts";
import { ConnectorError } from "#lib/foundation/connector-error.ts";
import type { DeriveSecret } from "#lib/foundation/derived-secret.ts";
import type { Log } from "#lib/foundation/log.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { Introspection } from "#lib/protocol/introspection.ts";
import type { TokenKind } from "#lib/protocol/token-kind.ts";
import type { IssuedToken } from "#lib/protocol/token.ts";
import type { TokenParameters } from "./token-parameters.ts";

/** Endpoints of an authorization server that a key manager stores, by our names. */
export const endpointNames = [
  "registration",
  "token",
  "authorization",
  "introspection",
  "revocation",
  "userinfo",
  "displayToken",
  "displayRevocation",
  "scopeManagement",
] as const;
export type EndpointName = (typeof endpointNames)[number];
export type Endpoints = Partial<Record<EndpointName, string>>;

/** How the validation plane checks signatures. */
export type SigningKeys = { kind: "jwks"; url: string } | { kind: "pem"; value: string } | { kind: "none" };

/** Everything a connector is opened with: the general settings, and its own connection with secrets in it. */
export type KeyManagerSettings<Connection = unknown> = {
  issuer: string;
  endpoints: Endpoints;
  signingKeys: SigningKeys;
  connection: Connection;
};

export type ConnectorDependencies = { fetch: OutboundFetch; clock: Clock; log: Log };

/** The parts of a new client's identity that a server may let the portal choose. */
export const presetParts = ["consumerKey", "consumerSecret"] as const;
export type PresetPart = (typeof presetParts)[number];

/** What a server takes as a chosen consumer key or secret. */
export type CredentialForm = {
  /** The source of a regular expression that the whole text must match. */
  pattern: string;
  /** The same for people, after “Use”: “6 to 100 letters and digits”. */
  words: string;
};

/** What a developer asks for. `settings` is the parsed client form of the connector. */
export type ClientSpec<ClientSettings = unknown> = {
  /** Shown at the authorization server; carries the marker where the server has no better field. */
  name: string;
  /** Unique to this attempt, so that a reconciler can find a client whose creation was never recorded. */
  marker: string;
  grantTypes: string[];
  redirectUris: string[];
  settings: ClientSettings;
  /**
   * Identity of a new client, where somebody chose it and the connector declares the part. A client with another
   * one is not what was asked for: `registerClient` makes it with these or throws, `conflict` where the key is taken
   * and `rejected` where the client would have no use for a secret.
   */
  consumerKey?: string;
  consumerSecret?: Secret;
  /** Who owns the application: told where a client is made or changes hands, to connectors that declare `changeOwner`. */
  owner?: ClientOwner;
};

/** The person who owns an application. */
export type ClientOwner = { email: string };

/** How one OAuth client is addressed later. Everything the server handed out for managing it. */
export type ClientRef = {
  consumerKey: string;
  consumerSecret?: Secret;
  /** RFC 7592 §3: where and with what this client is managed. */
  registrationClientUri?: string;
  registrationToken?: Secret;
  /** The server's own id of the client object, where it differs from the consumer key. */
  vendorId?: string;
};

/** What the server says it has registered; it may differ from what was asked for (RFC 7591 §3.2.1). */
export type ClientState = {
  name: string;
  grantTypes: string[];
  redirectUris: string[];
  /** The connector's client settings as the server holds them: plain JSON. */
  settings: Record<string, unknown>;
};

/** A client with its credentials. Any call may hand out new ones; store them before anything else. */
export type RegisteredClient = { ref: ClientRef; state: ClientState };

export type { Introspection } from "#lib/protocol/introspection.ts";
export { tokenKinds, type TokenKind } from "#lib/protocol/token-kind.ts";
export type { IssuedToken } from "#lib/protocol/token.ts";

export type ScopeDefinition = { name: string; description: string };

/** Scopes at the authorization server. */
export type ScopeManagement = {
  list(): Promise<ScopeDefinition[]>;
  /** Idempotent: an existing scope of that name is updated. */
  save(scope: ScopeDefinition): Promise<void>;
  /** Idempotent. */
  remove(name: string): Promise<void>;
  /** Lets the client ask for exactly these of our scopes. */
  grant(client: ClientRef, scopes: string[]): Promise<void>;
};

/** What a server says about one of a client's secrets; the secret itself is shown once, when it is made. */
export type ConsumerSecretFacts = {
  /** The server's own id of the secret. */
  id: string;
  /** First or last characters, where the server shows them. */
  hint?: string;
  /** What it is for, in its holder's words, where the server keeps that. */
  description?: string;
  createdAt?: Date;
  expiresAt?: Date;
  /** False for one that is kept but no longer accepted. */
  isActive: boolean;
};

/** Several consumer secrets of one client, each with a life of its own. */
export type SecretManagement = {
  list(client: ClientRef): Promise<ConsumerSecretFacts[]>;
  /**
   * Makes a further secret; those that exist go on working.
   *
   * @param wish when it should end, and what it is for; a server without expiry refuses an end as `unsupported`, one that
   *   keeps no description is not told it
   * @returns the client with the new secret in its `ref`, and the secret's facts
   * @throws {ConnectorError} `conflict` where the client has as many as the server allows
   */
  add(
    client: ClientRef,
    wish: { expiresAt?: Date; description?: string },
  ): Promise<{ client: RegisteredClient; secret: ConsumerSecretFacts }>;
  /** Ends one secret. Idempotent. */
  remove(client: ClientRef, secretId: string): Promise<void>;
};

/** RFC 8693 §2.1, as far as a client of ours asks for it. */
export type TokenExchange = {
  subjectToken: Secret;
  /** `urn:ietf:params:oauth:token-type:…` (RFC 8693 §3). */
  subjectTokenType: string;
  scopes: string[];
  audience?: string;
};

/** One result of a connection test. `detail` may hold the server's own words, trimmed and scrubbed. */
export type ProbeResult = {
  step: "discovery" | "issuer" | "keys" | "sign_in" | "permissions";
  status: "passed" | "warning" | "failed" | "skipped";
  summary: string;
  detail?: string;
  /** What to do about it. */
  fix?: string;
  durationMs: number;
};

/** The life of an OAuth client: a connector has all four, or none of them. */
export type ClientLifecycle = {
  /** Creates a client. Not idempotent; the marker lets `findClients` recognise it. */
  registerClient(spec: ClientSpec): Promise<RegisteredClient>;
  /** @returns null only where the server proves that there is no such client */
  readClient(client: ClientRef): Promise<RegisteredClient | null>;
  /** Replaces what the spec names and keeps the secret. */
  updateClient(client: ClientRef, spec: ClientSpec): Promise<RegisteredClient>;
  /** Idempotent: a client that is gone already is a success. */
  deleteClient(client: ClientRef): Promise<void>;
};

/**
 * A connector opened on one key manager. Every member is a capability, present only where the server can
 * really do it.
 *
 * Every method throws `ConnectorError` and nothing else.
 */
export type KeyManagerAdapter = Partial<ClientLifecycle> & {
  /** Signs in with the administrator's credentials and changes nothing; the test's last steps. */
  checkAccess?(): Promise<Omit<ProbeResult, "durationMs">[]>;
  /**
   * Clients that carry this marker. Absent where the server cannot be searched.
   *
   * @param consumerKey the key that the client was to have or has, where that is known: another client under it,
   *   without the marker, is never among the answers
   */
  findClients?(marker: string, consumerKey?: string): Promise<RegisteredClient[]>;
  /**
   * Proof of possession for an existing client: these credentials authenticate it at the server.
   * A grant refused after the client was authenticated counts.
   *
   * @param proof a signed assertion for the token endpoint (RFC 7523 §2.2), for clients that use a key
   * @throws {ConnectorError} `not_found` or `credentials_refused` where they do not, `unsupported` where
   *   neither secret nor assertion can prove anything
   */
  proveClient?(client: ClientRef, proof?: { assertion?: Secret }): Promise<RegisteredClient>;
  /**
   * Makes a new consumer secret; the old one is dead once the connector's declared overlap is over.
   *
   * @param options.keepsOld whether the old one may live for as long as a policy of the server says; only where the
   *   connector declares that there are such policies
   */
  rotateSecret?(client: ClientRef, options?: { keepsOld: boolean }): Promise<RegisteredClient>;
  secrets?: SecretManagement;
  /** RFC 6749 §4.4. */
  issueToken?(client: ClientRef, request: { scopes: string[] }): Promise<IssuedToken>;
  /** RFC 8693: another server's token for one of this server's. */
  exchangeToken?(client: ClientRef, request: TokenExchange): Promise<IssuedToken>;
  /**
   * Ends a token of the client (RFC 7009); one that the server does not know is a success.
   *
   * @throws {ConnectorError} `unsupported` for the kinds that the connector declares in `cannotRevoke`
   */
  revokeToken?(client: ClientRef, token: Secret, kind: TokenKind): Promise<void>;
  /** RFC 7662, with the administrator's credentials. */
  introspectToken?(token: Secret): Promise<Introspection>;
  scopes?: ScopeManagement;
  /**
   * Makes the spec's `owner` the client's owner at the server, as far as the settings let clients belong to the owners
   * of their applications. Everything else of the client is as the spec says and stays so. Idempotent.
   *
   * @throws {ConnectorError} `rejected` where the server has no such user
   */
  changeOwner?(client: ClientRef, spec: ClientSpec): Promise<RegisteredClient>;
};

/** An adapter that manages clients. */
export type ManagingAdapter = KeyManagerAdapter & ClientLifecycle;

/** Names of an adapter's members, as the portal speaks of them; `registerClient` stands for the whole life cycle. */
export const capabilities = [
  "registerClient",
  "findClients",
  "proveClient",
  "rotateSecret",
  "secrets",
  "issueToken",
  "exchangeToken",
  "revokeToken",
  "introspectToken",
  "scopes",
  "changeOwner",
] as const;
export type Capability = (typeof capabilities)[number];

/** How consumer secrets behave at one kind of server. */
export type ConsumerSecretTraits = {
  /** How many of one client are valid side by side; null where the vendor names no limit. */
  atOnce: number | null;
  /** For how many seconds a replaced secret may go on working. */
  overlapSeconds: number;
  /**
   * The vendor's word for a replaced secret that a policy of the server may keep alive for a while: “rotated”. Unless it is
   * asked to keep that one, the connector ends it with the replacement: `overlapSeconds` holds whatever the policy says.
   */
  kept?: string;
  /** Whether the server shows a secret again after it was made. */
  readable: boolean;
  /** False where no secret can be given an end; told of connectors that keep several. */
  canExpire?: false;
  /** True where a secret that is given no end never ends; elsewhere the server decides. */
  endless?: true;
};

/** What the validation plane needs to trust a key manager's tokens: pure data, no connector code. */
export type TrustDeclaration = {
  /** Claims that may name the client (RFC 9068 `client_id`, elsewhere `azp`, `cid`, …); those present must agree. */
  consumerKeyClaims: readonly string[];
  /** Claims that may hold scopes, as a space-separated string or an array; the first one present counts. */
  scopesClaims: readonly string[];
  /** JWS algorithms accepted (RFC 7518 §3.1); never taken from a token. */
  algorithms: readonly string[];
  /** Header `typ` values accepted, lower-case, without "application/"; empty accepts any but ID tokens. */
  tokenTypes: readonly string[];
  /** Claim values that mark a token as something else than an access token: { typ: ["Refresh", "ID"] }. */
  refusedClaims: Readonly<Record<string, readonly string[]>>;
  /**
   * Members of every introspection answer about an access token (RFC 7662 §2.2), for servers whose answers about other
   * tokens lack one of them; none where nothing is certain.
   */
  introspectedMembers?: readonly string[];
};

/** Whether a key manager of this kind must have an endpoint, may have it, or has no use for it. */
export type EndpointUse = "required" | "optional" | "unused";

/** Where a permanent key manager stands. */
export type PermanentPlace = {
  tenantId: string;
  /** Address segment of the tenant. */
  tenantSlug: string;
  /** Scheme, host and port of this installation. */
  origin: string;
  derive: DeriveSecret;
};

/** Everything about a permanent key manager that its tenant cannot change. */
export type PermanentSettings<Connection = unknown> = {
  name: string;
  displayName: string;
  description: string;
  wellKnownUrl: string;
  issuer: string;
  endpoints: Endpoints;
  signingKeys: SigningKeys;
  connection: Connection;
};

/** A connector's declaration: everything about one kind of authorization server. */
export type Connector<Connection extends z.ZodType = z.ZodType, Client extends z.ZodType = z.ZodType> = {
  /** Stored with each key manager; never changes. */
  id: string;
  name: string;
  /** Two characters for the tile that stands for the vendor. */
  monogram: string;
  /** One sentence for the type picker. */
  summary: string;
  /**
   * Present where each tenant has one by itself and nobody adds or deletes it: what that one is made of.
   * Pure: it is asked again whenever the installation's address or its secrets may have changed.
   */
  permanent?(place: PermanentPlace): PermanentSettings<z.input<Connection>>;
  /** The administrator's connection form. A strict object built from `field.*`. */
  connection: Connection;
  /** The developer's client form. A strict object built from `field.*`. */
  client: Client;
  endpoints: Readonly<Record<EndpointName, EndpointUse>>;
  /** Grant types offered when discovery names none. */
  grantTypes: readonly string[];
  trust: TrustDeclaration;
  /** Which members `open` provides: known without opening, and checked by the conformance suite. */
  capabilities: readonly Capability[];
  /**
   * Why each of the others is missing, as a sentence that a person reads: “Auth0 has no introspection endpoint.” Of a
   * part of a client's identity too, where nobody can choose it.
   */
  missing: Readonly<Partial<Record<Capability | PresetPart, string>>>;
  /**
   * Which parts of a new client's identity can be chosen; none unless declared. Whoever lets the key be chosen keeps
   * the marker elsewhere in such a client, and `findClients` looks for it there.
   */
  preset?: Readonly<Partial<Record<PresetPart, CredentialForm>>>;
  /** Kinds of tokens that `revokeToken` does not end, each with the reason, as a sentence that a person reads. */
  cannotRevoke?: Readonly<Partial<Record<TokenKind, string>>>;
  consumerSecrets: ConsumerSecretTraits;
  /** Whether the client form can set how long the tokens of one client live. */
  lifetimesPerClient: boolean;
  /**
   * Which scopes the server lets a client ask for: those that it was granted, unless said otherwise, or
   * every scope there is. There, `grant` can only see to it that the scopes exist.
   */
  scopeGrants?: "each_client" | "any_client";
  /**
   * Whether clients belong at the server to whoever owns their application; asked of connectors that declare
   * `changeOwner`, and yes unless said otherwise. Pure.
   *
   * @param connection the stored connection without its secrets
   */
  ownerFollows?(connection: Partial<z.output<Connection>>): boolean;
  /**
   * What `issueToken` sends beside the grant type, the client's credentials and its scopes, for the programs that
   * developers are shown. Pure; without it, nothing.
   *
   * @param facts.connection the stored connection without its secrets
   * @param facts.client the client's settings, as far as they are known
   */
  tokenParameters?(facts: {
    connection: Partial<z.output<Connection>>;
    client: Partial<z.output<Client>>;
  }): TokenParameters;
  /** Recognises its own kind in a discovery document; the reason is shown ("because …"), null if it is not. */
  recognise?(metadata: Record<string, unknown>): string | null;
  /** Set-up steps that a schema cannot express: the path of Markdown beside the connector, or Markdown itself. */
  guide: string | { markdown: string };
  open(settings: KeyManagerSettings<z.output<Connection>>, dependencies: ConnectorDependencies): KeyManagerAdapter;
};

/**
 * The adapter of a key manager that manages clients.
 *
 * @throws {ConnectorError} `unsupported` where it does not
 */
export function managing(adapter: KeyManagerAdapter): ManagingAdapter {
  if (isManaging(adapter)) return adapter;
  throw new ConnectorError("unsupported", "This key manager does not let the portal manage its clients.");
}

function isManaging(adapter: KeyManagerAdapter): adapter is ManagingAdapter {
  return adapter.registerClient !== undefined;
}

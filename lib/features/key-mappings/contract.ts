import { z } from "zod";
import type { TokenParameters } from "#lib/connector-kit/token-parameters.ts";
import { hasPattern, limitProblems } from "#lib/connector-kit/constraints.ts";
import type { CredentialForm, PresetPart, TokenKind } from "#lib/connector-kit/contract.ts";
import type { FieldDescriptor } from "#lib/connector-kit/descriptors.ts";
import type { FieldProblem } from "#lib/foundation/errors.ts";
import { exactText, text } from "#lib/foundation/text.ts";

export { withNearestDefaults } from "#lib/connector-kit/constraints.ts";

export const keyTypes = ["PRODUCTION", "SANDBOX"] as const;
export type KeyType = (typeof keyTypes)[number];

/** What people call the key types. */
export const keyTypeLabels = { PRODUCTION: "Production", SANDBOX: "Sandbox" } as const satisfies Record<
  KeyType,
  string
>;

export type KeyMappingMode = "PROVISIONED" | "MAPPED";
export type KeyMappingState = "PENDING" | "ACTIVE" | "FAILED" | "DELETING" | "NEEDS_ATTENTION";
/** What people call the states of keys, in lists of somebody else's. */
export const keyStateLabels = {
  PENDING: "Being made",
  ACTIVE: "Active",
  FAILED: "Failed",
  DELETING: "Being removed",
  NEEDS_ATTENTION: "Needs attention",
} as const satisfies Record<KeyMappingState, string>;
export type KeyOperation =
  "register" | "update" | "rotate" | "grant" | "change_owner" | "add_secret" | "remove_secret" | "delete";

/** Grant types that send the browser back to the application, and so need to know where that is. */
const redirectingGrantTypes: readonly string[] = ["authorization_code", "implicit"];

/** True where one of the grant types cannot work without a callback URL (RFC 6749 §3.1.2). */
export function needsRedirectUri(grantTypes: readonly string[]): boolean {
  return grantTypes.some((grantType) => redirectingGrantTypes.includes(grantType));
}

/** Names of grant types for people; one that is not here is shown as it is. */
export const grantTypeLabels: Readonly<Record<string, string>> = {
  authorization_code: "Authorization code",
  implicit: "Implicit",
  refresh_token: "Refresh token",
  password: "Password",
  client_credentials: "Client credentials",
  "urn:ietf:params:oauth:grant-type:device_code": "Device code",
  "urn:ietf:params:oauth:grant-type:token-exchange": "Token exchange",
  "urn:ietf:params:oauth:grant-type:jwt-bearer": "JWT bearer",
  "urn:ietf:params:oauth:grant-type:saml2-bearer": "SAML 2 bearer",
  "urn:openid:params:grant-type:ciba": "Back-channel authentication",
};

const redirectUri = z
  .string()
  .trim()
  .max(2_000, "Use at most 2000 characters for a callback URL.")
  .superRefine((value, check) => {
    const problem = redirectUriProblem(value);
    if (problem) check.addIssue({ code: "custom", message: problem });
  });

const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Why an address cannot be a callback URL, or null. RFC 6749 §3.1.2: absolute and without a fragment;
 * RFC 9700 §2.6 and §4.1: https, except to the same machine; RFC 8252 §7.1: private schemes hold a dot.
 */
export function redirectUriProblem(value: string): string | null {
  if (!/^[\x21-\x7e]+$/.test(value) || !URL.canParse(value)) {
    return `“${value}” is not a full address, such as https://app.example.com/callback.`;
  }
  const url = new URL(value);
  if (value.includes("#")) return `“${value}” has a fragment (#…), which a callback URL may not have.`;
  if (value.includes("*")) return `“${value}” has a wildcard. Name each callback URL in full.`;
  if (url.username || url.password) return `“${value}” has a user name in it. Remove it.`;
  if (url.protocol === "https:") return null;
  if (url.protocol === "http:") {
    return loopbackHosts.includes(url.hostname)
      ? null
      : `“${value}” must begin with https://; http:// is for localhost.`;
  }
  return url.protocol.includes(".")
    ? null
    : `“${value}” must begin with https:// or an app's own scheme, com.example.app:/.`;
}

const redirectUris = z.array(redirectUri).max(20, "Name at most 20 callback URLs.");
const grantTypes = z
  .array(z.string().min(1).max(200))
  .min(1, "Choose at least one grant type.")
  .max(40)
  .transform((chosen) => [...new Set(chosen)]);

/** What a developer asks of a client. `settings` are the connector's own client fields. */
const clientFields = {
  grantTypes,
  redirectUris: redirectUris.default([]),
  settings: z.record(z.string(), z.unknown()).default({}),
};

/** Where keys belong: at most one set for each application, key manager and key type. */
const place = {
  applicationId: z.uuid(),
  keyManagerId: z.uuid("Choose a key manager."),
  keyType: z.enum(keyTypes),
};

export const KeysRef = z.strictObject({ id: z.uuid() });

/** Whether the old secret may live on for as long as a policy of the server says. */
export const RegenerateSecretInput = KeysRef.extend({ keepsOld: z.boolean().default(false) });
export type RegenerateSecretInput = z.input<typeof RegenerateSecretInput>;

export const ListKeysInput = z.strictObject({ applicationId: z.uuid(), keyType: z.enum(keyTypes) });

/** Any printable text: RFC 6749 appendix A.1 and A.2. */
const credential = (maximum: number) =>
  z
    .string()
    .max(maximum, `Use at most ${String(maximum)} characters.`)
    .regex(/^[\x20-\x7e]*$/, "Use plain printable characters only.");

/** Below this, a secret that somebody thought of can be found by trying. */
const shortestSecret = 16;

/** Identity that somebody chooses for a new client; an empty text leaves the part to the key manager. */
const preset = {
  consumerKey: credential(255)
    .trim()
    // Elsewhere the id says whose client it is, so nobody may choose one that looks like it.
    .refine(
      (value) => !/^latchkey/i.test(value),
      "Choose one that does not begin with latchkey: those are the portal's.",
    )
    .default(""),
  consumerSecret: credential(255)
    .refine(
      (value) => value === "" || value.length >= shortestSecret,
      `Use at least ${String(shortestSecret)} characters, best from a password generator.`,
    )
    .refine((value) => value === value.trim(), "Remove the blank at the beginning or the end.")
    .default(""),
};

/** Why a chosen consumer key or secret is not what a key manager takes; null where it is. */
export function credentialProblem({ pattern, words }: CredentialForm, value: string): string | null {
  return new RegExp(`^(?:${pattern})$`).test(value) ? null : `Use ${words}.`;
}

export const GenerateKeysInput = z.strictObject({
  ...place,
  ...clientFields,
  ...preset,
  /** Off spares the first token. */
  firstToken: z.boolean().default(true),
});
export type GenerateKeysInput = z.input<typeof GenerateKeysInput>;

/** The client part of the generate and update forms. */
export const ClientForm = z.strictObject(clientFields);
export type ClientForm = z.input<typeof ClientForm>;

/** The part of the generate form that people fill in. */
export const GenerateForm = z.strictObject({ ...clientFields, ...preset });
export type GenerateForm = z.input<typeof GenerateForm>;

type Limited = { clientFields: readonly FieldDescriptor[]; callbackUrls: FieldDescriptor };
type Presettable = Limited & { preset: Readonly<Partial<Record<PresetPart, CredentialForm>>> };

/**
 * The same form held against an administrator's limits, so that a browser need not ask the server. The engine for
 * patterns is loaded only where there is one.
 */
export function clientFormWithin(limited: Limited): z.ZodType<unknown, ClientForm> {
  return ClientForm.superRefine(async (client, context) => addProblems(context, await problemsWithin(limited, client)));
}

/** The generate form, held against the same limits and what the key manager takes as an identity. */
export function generateFormWithin(limited: Presettable): z.ZodType<unknown, GenerateForm> {
  return GenerateForm.superRefine(async (asked, context) => {
    addProblems(context, await problemsWithin(limited, asked));
    for (const part of ["consumerKey", "consumerSecret"] as const) {
      const form = limited.preset[part];
      const message = form && asked[part] !== "" ? credentialProblem(form, asked[part]) : null;
      if (message !== null) addProblems(context, [{ path: part, message }]);
    }
  });
}

async function problemsWithin(
  { clientFields, callbackUrls }: Limited,
  { redirectUris, settings }: z.output<typeof ClientForm>,
): Promise<FieldProblem[]> {
  const matches = hasPattern([callbackUrls, ...clientFields])
    ? (await import("#lib/connector-kit/patterns.ts")).patterns.matches
    : () => true;
  return [
    ...limitProblems([callbackUrls], { redirectUris }, { prefix: "", matches }),
    ...limitProblems(clientFields, settings, { prefix: "settings", matches }),
  ];
}

function addProblems(context: z.RefinementCtx, problems: readonly FieldProblem[]): void {
  for (const { path, message } of problems) context.addIssue({ code: "custom", path: path.split("."), message });
}

export const UpdateKeysInput = z.strictObject({ id: z.uuid(), ...clientFields });
export type UpdateKeysInput = z.input<typeof UpdateKeysInput>;

const existingClient = {
  consumerKey: credential(500).trim().min(1, "Enter the consumer key (client id)."),
  consumerSecret: credential(2_000).default(""),
  /** A signed assertion in place of the secret, for a client that authenticates with a key (RFC 7523 §2.2). */
  assertion: credential(8_000)
    .trim()
    .regex(
      /^([\w-]+\.[\w-]+\.[\w-]+)?$/,
      "Paste the signed assertion as it is: three parts with dots between them, without line breaks.",
    )
    .default(""),
  registrationToken: credential(8_000).default(""),
  registrationClientUri: z
    .union([z.literal(""), z.url({ protocol: /^https?$/, error: "Enter a full address." })])
    .default(""),
};
export const MapKeysInput = z.strictObject({ ...place, ...existingClient });
export type MapKeysInput = z.input<typeof MapKeysInput>;

/** The part of the map form that people fill in. */
export const ExistingClientForm = z.strictObject(existingClient);
export type ExistingClientForm = z.input<typeof ExistingClientForm>;

/** A client that an administrator attaches to a developer's application. Nothing proves whose it is. */
export const AttachClientInput = z.strictObject({
  applicationId: z.uuid("Choose an application."),
  keyManagerId: z.uuid(),
  keyType: z.enum(keyTypes, "Choose a key type."),
  consumerKey: existingClient.consumerKey,
  consumerSecret: existingClient.consumerSecret,
});
export type AttachClientInput = z.input<typeof AttachClientInput>;

export const FindApplicationsInput = z.strictObject({ search: text(200).default("") });

/** An application that a client can be attached to. */
export type AttachableApplication = { id: string; name: string; ownerName: string };

/** What attaching a client has made. */
export type AttachedClient = { application: string; consumerKey: string };

export const RemoveKeysInput = z.strictObject({
  id: z.uuid(),
  /** Drops our record although something may be left at the key manager. */
  forget: z.boolean().default(false),
});

export const ResumeKeysInput = z.strictObject({
  id: z.uuid(),
  /** Where the key manager cannot be searched: register again although a client may stand there already. */
  acceptDuplicate: z.boolean().default(false),
});

/** A further consumer secret. */
export const AddSecretInput = z.strictObject({
  id: z.uuid(),
  /** What it is for; a key manager that keeps such words is told. */
  description: text(100).default(""),
  /** Null leaves the end to the key manager. */
  expiresInDays: z
    .int("Enter whole days.")
    .min(1, "Enter at least 1 day.")
    .max(3_650, "Enter at most 3650 days.")
    .nullable()
    .default(null),
});
export type AddSecretInput = z.input<typeof AddSecretInput>;

/** The choice of days of one's own among the ends that the form offers. */
export const ownDays = "own";

/** The part of it that people fill in: `ends` is days, blank for none, or `ownDays`, with `expiresInDays` as typed. */
export const SecretForm = z
  .strictObject({
    description: AddSecretInput.shape.description.unwrap(),
    ends: z.string(),
    expiresInDays: AddSecretInput.shape.expiresInDays.unwrap(),
  })
  .refine(({ ends, expiresInDays }) => ends !== ownDays || expiresInDays !== null, {
    path: ["expiresInDays"],
    message: "Enter after how many days it ends, or choose another end.",
  });
export type SecretForm = z.input<typeof SecretForm>;

/**
 * The days after which a secret ends, as the form has them.
 *
 * @returns null where the end is left to the key manager
 */
export function daysUntilEnd({ ends, expiresInDays }: SecretForm): number | null {
  if (ends === ownDays) return expiresInDays;
  return ends === "" ? null : Number(ends);
}

export const RemoveSecretInput = z.strictObject({ id: z.uuid(), secretId: exactText(500).min(1) });

/** RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ) */
const scopeName = z
  .string()
  .max(200)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/);

/** The scopes that the client's own tokens may carry from now on: these and no others. */
export const ChooseScopesInput = z.strictObject({
  id: z.uuid(),
  scopes: z
    .array(scopeName)
    .max(200, "Choose at most 200 scopes.")
    .transform((chosen) => [...new Set(chosen)].sort()),
});
export type ChooseScopesInput = z.input<typeof ChooseScopesInput>;

export const IssueTokenInput = z.strictObject({
  id: z.uuid(),
  scopes: z.array(scopeName).max(200).default([]),
});
export type IssueTokenInput = z.input<typeof IssueTokenInput>;

/** RFC 8693 §2.1: a token of another key manager, for one of the key manager that these keys belong to. */
export const ExchangeTokenInput = z.strictObject({
  ...IssueTokenInput.shape,
  subjectToken: credential(16_000).trim().min(1, "Paste the token to exchange."),
  /** Whom the new token is for, where the key manager wants that said. */
  audience: z
    .string()
    .trim()
    .max(500, "Use at most 500 characters.")
    .regex(/^[\x21-\x7e]*$/, "Use no spaces and no characters outside ASCII.")
    .optional(),
});
export type ExchangeTokenInput = z.input<typeof ExchangeTokenInput>;

/** The key manager of some keys, as far as their holder needs to know it. */
export type KeysKeyManager = {
  id: string;
  name: string;
  displayName: string;
  connector: { name: string; monogram: string };
  issuer: string;
  enabled: boolean;
  simulated: boolean;
  /**
   * For how many seconds a replaced consumer secret goes on working, whether a policy of the server may keep it longer,
   * whether the server shows a secret again, whether one can be given an end, and whether one without never ends.
   */
  consumerSecrets: {
    overlapSeconds: number;
    mayKeepOld: boolean;
    readable: boolean;
    canExpire: boolean;
    endless: boolean;
  };
  /** Why tokens of a kind cannot be ended there; what is not named can. */
  cannotRevoke: Partial<Record<TokenKind, string>>;
  /** The tenant's own, which also exchanges tokens of the others. */
  permanent: boolean;
  endpoints: { token?: string; revocation?: string; userinfo?: string; authorization?: string };
};

/** One of a client's consumer secrets as its holder sees it; never the secret. */
export type SecretView = {
  id: string;
  /** First or last characters, where the key manager shows them. */
  hint: string | null;
  description: string | null;
  createdAt: string | null;
  expiresAt: string | null;
  state: "active" | "expired" | "ended";
  /** The portal uses this one. */
  isStored: boolean;
  /** Why it cannot be removed; null where it can. */
  removalProblem: string | null;
};

/** What is known of the secrets of a client whose key manager keeps several. */
export type SecretsView = {
  /** When the key manager was asked; null where it must be asked first, or again. */
  readAt: string | null;
  items: SecretView[];
  /** Why no further one can be made; null where one can. */
  additionProblem: string | null;
};

/** Keys without any secret. */
export type KeysView = {
  id: string;
  applicationId: string;
  keyType: KeyType;
  mode: KeyMappingMode;
  state: KeyMappingState;
  keyManager: KeysKeyManager;
  consumerKey: string | null;
  hasSecret: boolean;
  client: {
    name: string;
    grantTypes: string[];
    redirectUris: string[];
    /** The connector's client fields: what the key manager holds where it said so, else what was asked for. */
    settings: Record<string, unknown>;
  };
  /** The unfinished operation; `running` while a try may still be talking to the key manager. */
  operation: { kind: KeyOperation; startedAt: string; running: boolean } | null;
  failure: { message: string; at: string } | null;
  /** Whether a client stands at the key manager that goes with the keys. */
  standsAtServer: boolean;
  /** Null where the key manager keeps one secret for each client, or the client is not ours. */
  secrets: SecretsView | null;
  /** Why the key manager makes no new consumer secret; null where it does, or the client is not ours. */
  cannotRegenerate: string | null;
  /** What can be done with these keys now. */
  can: {
    update: boolean;
    regenerateSecret: boolean;
    reveal: boolean;
    issueToken: boolean;
    exchangeToken: boolean;
    refresh: boolean;
    chooseScopes: boolean;
  };
  /** What its own tokens may carry, where the administrator wants application scopes; `chosen` null before anybody chose. */
  scopes: { chosen: string[] | null; narrowing: boolean } | null;
  /** Set while the key manager is to be told the application's owner; the problem says why it was not yet. */
  ownerChange: { problem: string | null } | null;
  createdAt: string;
};

/** Keys with what a program sends for a token of theirs. */
export type ListedKeys = KeysView & { tokenParameters: TokenParameters };

/** A token, shown once. */
export type TokenView = { accessToken: string; tokenType: string; expiresInSeconds: number | null; scopes: string[] };

/** How an operation ended that may hand out a secret; the secret is in this answer and nowhere else. */
export type KeysOutcome =
  | {
      outcome: "done";
      keys: KeysView;
      consumerSecret: string | null;
      token: TokenView | null;
      tokenProblem: string | null;
    }
  /** The key manager's answer is not known yet; it is found out in the background. */
  | { outcome: "finishing"; keys: KeysView; message: string };

/** How going on with an operation ended; what was being removed is gone. */
export type ResumeOutcome = KeysOutcome | { outcome: "removed" };

/** How mapping a client ended. */
export type MappingOutcome =
  | { outcome: "mapped"; keys: KeysView }
  /**
   * Refused, after the key manager had replaced the client's registration access token: the new one is in this answer
   * and nowhere else.
   */
  | { outcome: "refused"; message: string; fields: readonly FieldProblem[]; registrationToken: string };

/** How removing keys ended. */
export type RemovalOutcome =
  /** With the registration access token of a mapped client, which stays at the key manager and may have no other copy. */
  { outcome: "removed"; registrationToken?: string } | { outcome: "finishing"; keys: KeysView; message: string };

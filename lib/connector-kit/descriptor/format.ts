/** The format of a connector that is described instead of programmed; docs/connectors/your-own.md walks through one. */
import { z } from "zod";
import { tokenKinds } from "#lib/protocol/token-kind.ts";
import { endpointNames, type EndpointUse } from "../contract.ts";
import type { Template } from "./template.ts";

const text = (maximum = 500) => z.string().min(1).max(maximum);
const name = text(60).regex(/^[a-z][A-Za-z0-9]*$/, "Use letters and digits, a small letter first: apiToken.");
const pointer = text().regex(/^(\/[^/]*)+$/, "Use a JSON pointer (RFC 6901) that begins with “/”: /data/id.");
const template: z.ZodType<Template> = z.lazy(() =>
  z.union([
    z.string().max(5_000),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(template),
    z.record(z.string(), template),
  ]),
);
const filled = text(2_000);
const headers = z.record(z.string().regex(/^[A-Za-z0-9-]+$/), filled);

const labels = {
  name,
  label: text(100),
  help: text().optional(),
  placeholder: text(200).optional(),
  optional: z.boolean().optional(),
  advanced: z.boolean().optional(),
};
/** Of fields that are stored in clear. */
const shown = {
  ...labels,
  /** Cannot be changed once it is stored. */
  fixed: z.boolean().optional(),
};
const option = z.union([text(100), z.strictObject({ value: text(100), label: text(100), help: text().optional() })]);

const fieldShape = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("text"),
    ...shown,
    fallback: text().optional(),
    maximumLength: z.int().optional(),
    multiline: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal("url"), ...shown, fallback: text().optional() }),
  z.strictObject({ kind: z.literal("secret"), ...labels, multiline: z.boolean().optional() }),
  z.strictObject({ kind: z.literal("certificate"), ...shown }),
  z.strictObject({
    kind: z.literal("choice"),
    ...shown,
    options: z.array(option).min(2),
    fallback: text().optional(),
  }),
  z.strictObject({
    kind: z.literal("multiChoice"),
    ...shown,
    options: z.array(option).min(2),
    fallback: z.array(text()).optional(),
  }),
  z.strictObject({ kind: z.literal("flag"), ...shown, fallback: z.boolean().optional() }),
  z.strictObject({
    kind: z.literal("number"),
    ...shown,
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    unit: text(30).optional(),
    fallback: z.number().optional(),
  }),
  z.strictObject({ kind: z.literal("list"), ...shown, items: z.enum(["text", "url"]).optional() }),
]);
export type DescribedField = z.output<typeof fieldShape>;

const request = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
  /** Below the base; placeholders in it are percent-encoded. */
  path: text(1_000).regex(/^\//, "A path begins with “/”."),
  headers: headers.optional(),
  body: template.optional(),
});
export type DescribedRequest = z.output<typeof request>;

/** Where a client's facts stand in an answer. */
const clientAnswer = z.strictObject({
  consumerKey: pointer,
  consumerSecret: pointer.optional(),
  vendorId: pointer.optional(),
  name: pointer,
  grantTypes: pointer,
  redirectUris: pointer.optional(),
  settings: z.record(name, pointer).optional(),
});
export type ClientAnswer = z.output<typeof clientAnswer>;

const call = z.strictObject({ request });
const clientCall = z.strictObject({ request, answer: clientAnswer });

const list = pointer.or(z.literal(""));

const scopes = z.strictObject({
  list: z.strictObject({ request, list, name: pointer, description: pointer.optional() }),
  create: call,
  update: call,
  remove: call,
  /** Lets a client ask for exactly these: `{scopes}`. */
  grant: call,
});
export type DescribedScopes = z.output<typeof scopes>;

/** Where a secret's facts stand; moments are ISO 8601 texts or seconds since the epoch. */
const secretAnswer = z.strictObject({
  id: pointer,
  hint: pointer.optional(),
  createdAt: pointer.optional(),
  expiresAt: pointer.optional(),
  /** A boolean: false for a secret that is kept but no longer accepted. */
  isActive: pointer.optional(),
});
export type SecretAnswer = z.output<typeof secretAnswer>;

const secrets = z.strictObject({
  list: z.strictObject({ request, list, secret: secretAnswer }),
  /** `{secret.expiresAt}` in its body says that a secret can be given an end. */
  add: z.strictObject({ request, consumerSecret: pointer, secret: secretAnswer }),
  remove: call,
});
export type DescribedSecrets = z.output<typeof secrets>;

const credentialForm = z.strictObject({
  pattern: text(200).refine(isPattern, "This is no regular expression."),
  /** After “Use”: “6 to 40 letters”. */
  words: text(200),
});

function isPattern(source: string): boolean {
  try {
    return new RegExp(source).source !== "";
  } catch {
    return false;
  }
}

const session = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("headers"), headers }),
  z.strictObject({ kind: z.literal("basic"), username: filled, password: filled }),
  z.strictObject({
    kind: z.literal("client_credentials"),
    tokenEndpoint: filled,
    clientId: filled,
    clientSecret: filled,
    scopes: z.array(text(200)).optional(),
  }),
]);

/** Kinds of failure that a rule may name. */
const errorKinds = ["credentials_refused", "rejected", "not_found", "conflict", "rate_limited", "unreachable"] as const;

const claims = z.array(text(200)).min(1);

export const descriptorFormat = z.strictObject({
  latchkeyConnector: z.literal(1, { error: "This must be 1: the version of the format." }),
  id: text(32).regex(/^[a-z][a-z0-9-]+$/, "Use small letters, digits and hyphens: acme-id."),
  name: text(60),
  monogram: z.string().refine((value) => Array.from(value).length === 2, "A monogram has two characters."),
  summary: text(200),
  guide: text(20_000),
  connection: z.array(fieldShape).default([]),
  client: z.array(fieldShape).default([]),
  endpoints: z.partialRecord(z.enum(endpointNames), z.enum(["required", "optional"] satisfies EndpointUse[])),
  grantTypes: z.array(text(200)).min(1),
  /** How the server calls grant types, where it does not call them as the RFCs do. */
  grantTypeNames: z.record(text(200), text(200)).default({}),
  trust: z.strictObject({
    consumerKeyClaims: claims,
    scopesClaims: claims,
    algorithms: z
      .array(z.enum(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]))
      .min(1),
    tokenTypes: z.array(text(60)).default([]),
    refusedClaims: z.record(z.string(), z.array(z.string())).default({}),
    introspectedMembers: z.array(text(60)).default([]),
  }),
  consumerSecrets: z
    .strictObject({
      overlapSeconds: z.int().min(0).default(0),
      readable: z.boolean().default(false),
      /** How many are valid side by side where the server keeps several; left out, there is no limit. */
      atOnce: z.int().min(2).optional(),
    })
    .prefault({}),
  lifetimesPerClient: z.boolean().default(false),
  /** Which parts of a new client's identity developers may choose. */
  preset: z
    .strictObject({ consumerKey: credentialForm.optional(), consumerSecret: credentialForm.optional() })
    .default({}),
  administration: z
    .strictObject({
      base: filled,
      headers: headers.optional(),
      session,
      /** Where the server's words about a refusal stand. */
      words: pointer.optional(),
      errors: z
        .array(
          z.strictObject({
            status: z.int().min(400).max(599),
            when: z.strictObject({ at: pointer, equals: z.union([z.string(), z.number(), z.boolean()]) }).optional(),
            kind: z.enum(errorKinds),
            message: text().optional(),
          }),
        )
        .default([]),
      clients: z
        .strictObject({
          register: clientCall,
          read: clientCall,
          update: clientCall,
          delete: call,
          find: z.strictObject({ request, list, marker: pointer, answer: clientAnswer }).optional(),
          rotateSecret: z.strictObject({ request, consumerSecret: pointer }).optional(),
          secrets: secrets.optional(),
        })
        .optional(),
      scopes: scopes.optional(),
    })
    .optional(),
  /** What the server does by the standards, at the endpoints of the form. */
  standard: z
    .array(z.enum(["proveClient", "issueToken", "exchangeToken", "revokeToken", "introspectToken"]))
    .default([]),
  /** Why the server does not end tokens of a kind, by the kind's name. */
  cannotRevoke: z.partialRecord(z.enum(tokenKinds), text()).default({}),
  /** The client that may ask about tokens (RFC 7662). */
  introspectionClient: z.strictObject({ clientId: filled, clientSecret: filled }).optional(),
  /** Why the server lacks an ability, by the ability's name. */
  missing: z.record(z.string(), text()).default({}),
});
export type Descriptor = z.output<typeof descriptorFormat>;

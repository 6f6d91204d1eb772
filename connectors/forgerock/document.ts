/**
 * A client as AM's REST API holds it: a document of attributes in one of two shapes. PingAM and Advanced
 * Identity Cloud sort them into groups and wrap each as `{ inherited, value }`, or not; OpenAM has them side by
 * side under the long names of its configuration store, with lists written as `[0]=first`.
 */
import { z } from "zod";

const core = "coreOAuth2ClientConfig";
const advanced = "advancedOAuth2ClientConfig";
const signing = "signEncOAuth2ClientConfig";
const flat = (name: string) => `com.forgerock.openam.oauth2provider.${name}`;

/** Where an attribute stands in the grouped shape and in the flat one; null where that shape has no place for it. */
const places = {
  status: { group: core, name: "status", flat: "sunIdentityServerDeviceStatus" },
  secret: { group: core, name: "userpassword", flat: "userpassword" },
  clientType: { group: core, name: "clientType", flat: flat("clientType") },
  redirectUris: { group: core, name: "redirectionUris", flat: flat("redirectionURIs") },
  scopes: { group: core, name: "scopes", flat: flat("scopes") },
  defaultScopes: { group: core, name: "defaultScopes", flat: flat("defaultScopes") },
  names: { group: core, name: "clientName", flat: flat("clientName") },
  accessTokenLifetime: { group: core, name: "accessTokenLifetime", flat: flat("accessTokenLifeTime") },
  refreshTokenLifetime: { group: core, name: "refreshTokenLifetime", flat: flat("refreshTokenLifeTime") },
  authorizationCodeLifetime: {
    group: core,
    name: "authorizationCodeLifetime",
    flat: flat("authorizationCodeLifeTime"),
  },
  descriptions: { group: advanced, name: "descriptions", flat: flat("description") },
  grantTypes: { group: advanced, name: "grantTypes", flat: null },
  responseTypes: { group: advanced, name: "responseTypes", flat: flat("responseTypes") },
  authenticationMethod: { group: advanced, name: "tokenEndpointAuthMethod", flat: flat("tokenEndPointAuthMethod") },
  keyLocation: { group: signing, name: "publicKeyLocation", flat: flat("publicKeyLocation") },
  jwksUri: { group: signing, name: "jwksUri", flat: flat("jwksURI") },
  // From AM 6.5 on.
  certificateSubject: { group: signing, name: "mTLSSubjectDN", flat: null },
  certificate: { group: signing, name: "mTLSTrustedCert", flat: null },
} as const;
type Attribute = keyof typeof places;

const text = z.string().max(2048).nullish();
const texts = z
  .array(z.string().max(4096))
  .max(1000)
  .nullish()
  .transform((values) => values ?? []);
const seconds = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? 0);

/** What we use of a client. */
const attributes = z.object({
  clientType: z.string().min(1).max(100),
  redirectUris: texts,
  scopes: texts,
  defaultScopes: texts,
  names: texts,
  accessTokenLifetime: seconds,
  refreshTokenLifetime: seconds,
  authorizationCodeLifetime: seconds,
  descriptions: texts,
  grantTypes: texts,
  responseTypes: texts,
  authenticationMethod: text,
  jwksUri: text,
  certificateSubject: text,
  certificate: z.string().max(20_000).nullish(),
});
export type ClientAttributes = z.output<typeof attributes>;

type Json = Record<string, unknown>;

/** A document as it came, and what it says. */
export type ClientDocument = {
  raw: Json;
  /** Whether the attributes are sorted into groups. */
  isGrouped: boolean;
  /** The client's id; absent in a template. */
  id: string | undefined;
  attributes: ClientAttributes;
};

/** Reads a client, or the template for a new one. */
export const clientDocument = z
  .looseObject({ _id: z.string().min(1).max(1000).optional() })
  .transform((raw, context): ClientDocument => {
    const isGrouped = isObject(raw[core]);
    const entries = Object.keys(attributes.shape).map((name) => [name, valueOf(raw, name as Attribute, isGrouped)]);
    const parsed = attributes.safeParse(Object.fromEntries(entries));
    if (parsed.success) return { raw, isGrouped, id: raw._id, attributes: parsed.data };
    context.addIssue({ code: "custom", message: "The client's attributes are not what AM sends." });
    return z.NEVER;
  });

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWrapped(value: unknown): value is { inherited: unknown; value?: unknown } {
  return isObject(value) && "inherited" in value;
}

function valueOf(raw: Json, attribute: Attribute, isGrouped: boolean): unknown {
  const place = places[attribute];
  if (!isGrouped) return place.flat === null ? undefined : fromNumbered(raw[place.flat]);
  const group = raw[place.group];
  const value = isObject(group) ? group[place.name] : undefined;
  return isWrapped(value) ? value.value : value;
}

const numbered = /^\[(\d+)\]=([^]*)$/;

/** `["[1]=b", "[0]=a"]` is a list whose order is in its items; an empty one holds `[0]=`. */
function fromNumbered(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value
    .map((item: unknown, index) => {
      const [, at, item_] = (typeof item === "string" && numbered.exec(item)) || [];
      return at === undefined ? { at: index, item } : { at: Number(at), item: item_ };
    })
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item)
    .filter((item) => item !== "");
}

function toNumbered(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.length === 0 ? ["[0]="] : value.map((item, index) => `[${String(index)}]=${String(item)}`);
}

export type Changes = Partial<Record<Attribute, string | number | readonly string[]>>;

/**
 * The body of a PUT: everything that the document holds, with these attributes changed, because AM removes
 * what is left out. What only the server may say is left out all the same.
 */
export function changed({ raw, isGrouped }: ClientDocument, changes: Changes): Json {
  const body = withoutServerMembers(raw);
  for (const [name, value] of Object.entries(changes)) {
    const place = places[name as Attribute];
    if (!isGrouped) {
      if (place.flat !== null) body[place.flat] = toNumbered(value);
      continue;
    }
    const group = isObject(body[place.group]) ? (body[place.group] as Json) : {};
    const isValueWrapped = isWrapped(group[place.name]);
    body[place.group] = { ...group, [place.name]: isValueWrapped ? { inherited: false, value } : value };
  }
  return body;
}

const serverMembers = ["_id", "_rev", "_type", "_provider"];

/**
 * A document as it may be sent back: without the members that AM refuses, and without encrypted values, which
 * only the cluster that wrote them can read.
 */
export function withoutServerMembers(raw: Json): Json {
  const kept = Object.entries(raw).filter(([name]) => !serverMembers.includes(name));
  return withoutEncrypted(Object.fromEntries(kept)) as Json;
}

function withoutEncrypted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEncrypted);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => !name.endsWith("-encrypted"));
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutEncrypted(inner)]));
}

/** Finding out what an authorization server offers: OpenID Connect Discovery 1.0 §4 and RFC 8414 §3. */
import { z } from "zod";
import { ConnectorError, isConnectorError } from "#lib/foundation/connector-error.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { budgets, exchange } from "./exchange.ts";

const address = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[^\s\\#]+$/i)
  .refine((text) => URL.canParse(text));
const words = z.array(z.string().max(200)).max(1000);

/** The members we use. One that makes no sense is dropped and named in `ignored`; the rest still counts. */
const members = {
  issuer: z.string().min(1).max(2048),
  authorization_endpoint: address,
  token_endpoint: address,
  registration_endpoint: address,
  introspection_endpoint: address,
  revocation_endpoint: address,
  userinfo_endpoint: address,
  jwks_uri: address,
  scopes_supported: words,
  grant_types_supported: words,
  response_types_supported: words,
  token_endpoint_auth_methods_supported: words,
  introspection_endpoint_auth_methods_supported: words,
  code_challenge_methods_supported: words,
  claims_supported: words,
} as const;

export type MetadataMember = keyof typeof members;
export type ServerMetadata = { issuer: string } & {
  [M in Exclude<MetadataMember, "issuer">]?: z.output<(typeof members)[M]>;
};

export type Discovery = {
  metadata: ServerMetadata;
  /** The whole first document: connectors recognise their own kind by members that nobody else has. */
  document: Record<string, unknown>;
  /** Where the first document was found. */
  sourceUrl: string;
  /** For each member that was taken: the document it stands in. */
  sources: Partial<Record<MetadataMember, string>>;
  /** Members that were there but made no sense. */
  ignored: MetadataMember[];
  /** Hosts of endpoints that differ from the issuer's: a person must look at them before credentials go there. */
  foreignHosts: string[];
};

const suffixes = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] as const;

/**
 * Reads the metadata of an authorization server. Where the OpenID Connect document leaves out endpoints,
 * the RFC 8414 document of the same issuer fills them in.
 *
 * @param typed the issuer, or the address of one of its well-known documents
 * @throws {ConnectorError} with a message for the person who typed it: `misconfigured` (no address, private
 *   address, another issuer), `unreachable`, `bad_response` (no document, no JSON)
 */
export async function discover(fetch: OutboundFetch, typed: string): Promise<Discovery> {
  const target = targetOf(typed.trim());
  const documents: Found[] = [];
  const failures: ConnectorError[] = [];
  for (const url of target.documents) {
    try {
      const document = await readDocument(fetch, url, target.issuers);
      documents.push({ url, document });
      if (document["registration_endpoint"] && document["introspection_endpoint"]) break;
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      failures.push(error);
      // A server that cannot be reached or may not be called will not be at its other address either.
      if (error.kind === "unreachable" || (error.kind === "misconfigured" && documents.length === 0)) break;
    }
  }
  const [first] = documents;
  if (!first) throw worst(failures);
  return combine(first, documents);
}

type Found = { url: string; document: Record<string, unknown> };

/** The most telling failure: “another issuer” says more than “nothing there”. */
function worst(failures: ConnectorError[]): ConnectorError {
  const telling =
    failures.find(({ kind }) => kind === "misconfigured") ?? failures.find(({ kind }) => kind !== "not_found");
  return telling ?? failures[0] ?? new ConnectorError("bad_response", "The server publishes no discovery document.");
}

type Target = { documents: string[]; issuers: string[] };

/** Where the documents of a typed address stand, and which issuers they may name. */
function targetOf(typed: string): Target {
  const url = /^https?:\/\//i.test(typed) && !/[\s\\]/.test(typed) ? URL.parse(typed) : null;
  if (!url) throw new ConnectorError("misconfigured", "Enter a complete address that begins with https://.");
  if (url.username || url.password) {
    throw new ConnectorError("misconfigured", "Remove the user name and password from the address.");
  }
  if (url.search || url.hash) {
    throw new ConnectorError(
      "misconfigured",
      "An issuer has neither a “?” nor a “#” part. Remove it from the address.",
    );
  }
  const origin = typed.slice(0, typed.length - url.pathname.length);
  const hasPath = typed.endsWith(url.pathname) && url.pathname !== "/";
  const base = hasPath || typed.endsWith("/") ? origin : typed;
  const path = hasPath ? url.pathname : "";
  for (const suffix of suffixes) {
    if (path.endsWith(suffix)) {
      // The suffix form of OpenID Connect: the issuer stands before it, with or without a slash at its end.
      const issuer = typed.slice(0, -suffix.length);
      return {
        documents: [typed, ...documentsOf(base, path.slice(0, -suffix.length))].filter(unique),
        issuers: [issuer, `${issuer}/`],
      };
    }
    if (path.startsWith(`${suffix}/`)) {
      // The insertion form of RFC 8414 §3.1: the issuer's path stands behind it.
      const issuerPath = path.slice(suffix.length);
      const issuer = `${base}${issuerPath}`;
      return { documents: [typed, ...documentsOf(base, issuerPath)].filter(unique), issuers: [issuer, `${issuer}/`] };
    }
  }
  return { documents: documentsOf(base, path.replace(/\/$/, "")), issuers: [typed] };
}

function documentsOf(origin: string, path: string): string[] {
  const [openIdConnect, oauth] = suffixes;
  return [`${origin}${path}${openIdConnect}`, `${origin}${oauth}${path}`].filter(unique);
}

function unique<T>(value: T, index: number, all: T[]): boolean {
  return all.indexOf(value) === index;
}

async function readDocument(
  fetch: OutboundFetch,
  url: string,
  issuers: readonly string[],
): Promise<Record<string, unknown>> {
  const answer = await exchange(fetch, url, budgets.discovery);
  if (answer.status !== 200) {
    const kind = answer.status >= 500 ? "unreachable" : "not_found";
    throw new ConnectorError(kind, `The server has no discovery document at ${url} (it answered ${answer.status}).`, {
      status: answer.status,
    });
  }
  const document = answer.json;
  if (document === undefined) {
    throw new ConnectorError(
      "bad_response",
      `What the server sends at ${url} is not JSON, so it is no discovery document.`,
    );
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new ConnectorError("bad_response", `What the server sends at ${url} is no discovery document.`);
  }
  const record = document as Record<string, unknown>;
  const issuer = members.issuer.safeParse(record["issuer"]);
  if (!issuer.success) {
    throw new ConnectorError("bad_response", `The discovery document at ${url} names no issuer.`);
  }
  // RFC 8414 §3.3: the two must be identical, or somebody speaks for a server that is not theirs.
  if (!issuers.includes(issuer.data)) {
    const [expected = ""] = issuers;
    throw new ConnectorError(
      "misconfigured",
      `The document at ${url} belongs to the issuer ${quoted(issuer.data)}, not to ${quoted(expected)}. The two must be the same, character by character.`,
    );
  }
  return record;
}

function quoted(text: string): string {
  return `“${text.replace(/\p{Cc}/gu, "").slice(0, 300)}”`;
}

function combine(first: Found, documents: readonly Found[]): Discovery {
  const metadata: Record<string, unknown> = {};
  const sources: Discovery["sources"] = {};
  const ignored = new Set<MetadataMember>();
  for (const { url, document } of documents) {
    if (document["issuer"] !== first.document["issuer"]) continue;
    for (const [member, schema] of Object.entries(members) as [MetadataMember, z.ZodType][]) {
      if (member in metadata || document[member] === undefined || document[member] === null) continue;
      const parsed = schema.safeParse(document[member]);
      if (parsed.success) {
        metadata[member] = parsed.data;
        sources[member] = url;
      } else {
        ignored.add(member);
      }
    }
  }
  return {
    // `issuer` was checked when the document was read.
    metadata: metadata as ServerMetadata,
    document: first.document,
    sourceUrl: first.url,
    sources,
    ignored: [...ignored].filter((member) => !(member in metadata)),
    foreignHosts: foreignHosts(metadata as ServerMetadata),
  };
}

function foreignHosts(metadata: ServerMetadata): string[] {
  const own = URL.parse(metadata.issuer)?.host;
  const hosts = Object.entries(metadata)
    .filter(([member, value]) => typeof value === "string" && member !== "issuer")
    .map(([, value]) => URL.parse(String(value))?.host ?? "")
    .filter((host) => host !== "" && host !== own);
  return [...new Set(hosts)];
}

import { allConnectors } from "#connectors/registry.ts";
import { endpointNames, type Connector, type EndpointName, type Endpoints } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { discover, type Discovery, type MetadataMember } from "#lib/protocol/discovery.ts";
import { actorId, type Dependencies, type InstallationCaller } from "../context.ts";
import { defineInquiry } from "../verb.ts";
import { foreignHosts } from "./connection.ts";
import { DiscoverInput, endpointLabels, type DiscoveredField, type DiscoveryView } from "./contract.ts";
import { isSimulator } from "./simulated.ts";
import { toTile } from "./views.ts";

/**
 * Reads what an authorization server says of itself, and what a key manager would take from it. Writes
 * nothing.
 *
 * @throws {AppError} `discovery.failed` at `wellKnownUrl`: no address, not reachable, not allowed, no JSON,
 *   another issuer; `limit.exceeded`
 */
export const discoverKeyManager = defineInquiry({
  action: "key_manager.discover",
  permission: "key_manager:write",
  input: DiscoverInput,
  async run(ctx, { wellKnownUrl }): Promise<DiscoveryView> {
    return discoverFor(ctx, wellKnownUrl);
  },
});

/**
 * The same for whoever may ask.
 *
 * @throws {AppError} `discovery.failed`, `limit.exceeded`
 */
export async function discoverFor({ deps, actor }: InstallationCaller, address: string): Promise<DiscoveryView> {
  await deps.probeLimiter.admit("discovery", actorId(actor) ?? actor.name);
  return toDiscoveryView(await discoverAt(deps, address));
}

async function discoverAt(deps: Dependencies, address: string): Promise<Discovery> {
  try {
    return await discover(deps.outbound, address);
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    throw new AppError("discovery.failed", {
      message: error.message,
      fields: [{ path: "wellKnownUrl", message: error.message }],
      cause: error,
    });
  }
}

/** The document's member for each endpoint that it can name (RFC 8414 §2, RFC 7591 §3). */
const members: Partial<Record<EndpointName, MetadataMember>> = {
  registration: "registration_endpoint",
  token: "token_endpoint",
  authorization: "authorization_endpoint",
  introspection: "introspection_endpoint",
  revocation: "revocation_endpoint",
  userinfo: "userinfo_endpoint",
  // People see the same addresses unless the administrator shows them others.
  displayToken: "token_endpoint",
  displayRevocation: "revocation_endpoint",
};

export function toDiscoveryView(discovery: Discovery): DiscoveryView {
  const { metadata, sourceUrl, document } = discovery;
  const { connector, reason } = guessConnector(document);
  const endpoints = endpointsFor(connector, discovery);
  const grantTypes = metadata.grant_types_supported ?? [...connector.grantTypes];
  const place = lastSegment(metadata.issuer);
  return {
    sourceUrl,
    suggestedName: toName(`${connector.id}-${place}`),
    suggestedDisplayName: `${connector.name} ${place}`.slice(0, 100),
    simulated: isSimulator(discovery),
    connector: toTile(connector.id),
    reason,
    fields: [
      row("issuer", "Issuer", { found: metadata.issuer }),
      ...endpointNames.flatMap((name) => endpointRow(name, connector, discovery)),
      row("signingKeys", "Signing keys", {
        found: metadata.jwks_uri,
        note: metadata.jwks_uri ? foreignNote(metadata.issuer, metadata.jwks_uri) : undefined,
      }),
      row("grantTypes", "Grant types", {
        found: metadata.grant_types_supported?.join(", "),
        fallback: grantTypes.join(", "),
      }),
      row("consumerKeyClaim", "Consumer key claim", { fallback: connector.trust.consumerKeyClaims.join(", ") }),
      row("scopesClaim", "Scopes claim", { fallback: connector.trust.scopesClaims.join(", ") }),
    ],
    foreignHosts: [...foreignHosts(metadata.issuer, endpoints)].map(([host, names]) => ({
      host,
      fields: names.map((name) => endpointLabels[name]),
    })),
    values: {
      wellKnownUrl: sourceUrl,
      issuer: metadata.issuer,
      endpoints,
      signingKeys: metadata.jwks_uri ? { kind: "jwks", url: metadata.jwks_uri } : { kind: "none" },
      grantTypes,
      consumerKeyClaim: null,
      scopesClaim: null,
    },
  };
}

function guessConnector(document: Record<string, unknown>): { connector: Connector; reason: string } {
  const addable = allConnectors().filter(({ permanent }) => permanent === undefined);
  for (const connector of addable) {
    const reason = connector.recognise?.(document);
    if (reason) return { connector, reason };
  }
  // The connector for any server that follows the standards recognises nobody in particular.
  const general = addable.find(({ recognise }) => recognise === undefined) ?? addable.at(-1);
  if (!general) throw new Error("There is no connector that an administrator may choose.");
  return { connector: general, reason: "it follows the open standards, and nothing points to a particular product" };
}

function endpointsFor(connector: Connector, { metadata }: Discovery): Endpoints {
  const endpoints: Endpoints = {};
  for (const name of endpointNames) {
    const member = members[name];
    const value = member && metadata[member];
    if (connector.endpoints[name] !== "unused" && typeof value === "string") endpoints[name] = value;
  }
  return endpoints;
}

function endpointRow(name: EndpointName, connector: Connector, { metadata }: Discovery): DiscoveredField[] {
  const member = members[name];
  const value = member && metadata[member];
  const found = typeof value === "string" ? value : undefined;
  const use = connector.endpoints[name];
  if (use === "unused" && !found) return [];
  const base = row(`endpoints.${name}`, endpointLabels[name], { found });
  if (use === "unused") return [{ ...base, used: null, source: "none", note: `${connector.name} has no use for it` }];
  if (!found) return [{ ...base, note: use === "required" ? "needed: enter it yourself" : "optional" }];
  const note = foreignNote(metadata.issuer, found);
  return [note === undefined ? base : { ...base, note }];
}

type RowValues = { found?: string | undefined; fallback?: string; note?: string | undefined };

function row(field: string, label: string, { found, fallback, note }: RowValues): DiscoveredField {
  const used = found ?? fallback;
  return {
    ...{ field, label, found: found ?? null, used: used || null },
    source: found !== undefined ? "discovery" : used ? "connector" : "none",
    ...(note === undefined ? {} : { note }),
  };
}

function foreignNote(issuer: string, address: string): string | undefined {
  const host = URL.parse(address)?.host;
  return host === undefined || host === URL.parse(issuer)?.host ? undefined : `on ${host}, not on the issuer's host`;
}

/** What tells this server from others of its kind: the last part of its path, or its host. */
function lastSegment(issuer: string): string {
  const url = URL.parse(issuer);
  return url?.pathname.split("/").filter(Boolean).at(-1) ?? url?.hostname ?? "server";
}

function toName(text: string): string {
  const plain = text.toLowerCase().replace(/[^a-z0-9.]+/g, "-");
  return plain.replace(/^[-.]+|[-.]+$/g, "").slice(0, 60);
}

/** What connectors declare, in Markdown: one source for their pages and for the matrix that compares them. */
import {
  endpointNames,
  presetParts,
  tokenKinds,
  type Capability,
  type Connector,
  type EndpointName,
  type PresetPart,
} from "#lib/connector-kit/contract.ts";
import { abilityLabels } from "#lib/features/key-managers/contract.ts";

/** Each ability as short as the head of a column must be. */
const shortLabels: Record<Capability, string> = {
  registerClient: "Clients",
  findClients: "Find",
  proveClient: "Map",
  rotateSecret: "New secret",
  secrets: "Several secrets",
  issueToken: "Token",
  exchangeToken: "Exchange",
  revokeToken: "Revoke",
  introspectToken: "Introspect",
  scopes: "Scopes",
  changeOwner: "Owner",
};

const endpoints: Record<EndpointName, string> = {
  registration: "Registration",
  token: "Token",
  authorization: "Authorization",
  introspection: "Introspection",
  revocation: "Revocation",
  userinfo: "User info",
  displayToken: "Token, as shown to developers",
  displayRevocation: "Revocation, as shown to developers",
  scopeManagement: "Scope management",
};

const presets: Record<PresetPart, { label: string; short: string }> = {
  consumerKey: { label: "Make a client with a consumer key that its developer chooses", short: "id" },
  consumerSecret: { label: "Make a client with a consumer secret that its developer chooses", short: "secret" },
};

const abilities = Object.keys(shortLabels) as Capability[];
const code = (items: readonly string[]) => items.map((item) => `\`${item}\``).join(", ") || "–";
const table = (head: string[], ...rows: string[][]) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

function secretsAtOnce({ consumerSecrets: { atOnce, kept } }: Connector): string {
  return `${atOnce === null ? "several" : String(atOnce)}${kept === undefined ? "" : ` + ${kept}`}`;
}

/** For how long a replaced secret works. */
function overlap({ overlapSeconds, kept }: Connector["consumerSecrets"]): string {
  const time = overlapSeconds === 0 ? "no time" : `up to ${String(overlapSeconds)} seconds`;
  return kept === undefined
    ? time
    : `${time}; where the developer wants it, for as long as the server keeps the ${kept} one`;
}

/** Words for people stand between bars: none of theirs may end the cell. */
const cell = (words: string) => words.replaceAll("|", "\\|");

function presetRow({ preset, missing }: Connector, part: PresetPart): string[] {
  const form = preset?.[part];
  return [presets[part].label, form ? `yes: ${cell(form.words)}` : `no: ${missing[part] ?? "the server makes it"}`];
}

/** What a connector that has an ability cannot do of it all the same. */
function exceptions({ cannotRevoke = {} }: Connector, ability: Capability): string {
  const reasons = ability === "revokeToken" ? Object.values(cannotRevoke) : [];
  return reasons.map((reason) => `, but: ${reason}`).join("");
}

/** The same as short as a cell of the matrix must be. */
function mark({ capabilities, cannotRevoke = {} }: Connector, ability: Capability): string {
  if (!capabilities.includes(ability)) return "–";
  if (ability !== "revokeToken") return "✓";
  const [only, ...more] = tokenKinds.filter((kind) => cannotRevoke[kind] === undefined);
  return only === undefined || more.length > 0 ? "✓" : `${only.replace("_token", "")} only`;
}

/** The declared part of one connector's page. */
export function connectorFacts(connector: Connector): string {
  const { capabilities, missing, endpoints: uses, grantTypes, trust, consumerSecrets } = connector;
  const abilityRows = abilities.map((name) => [
    abilityLabels[name],
    capabilities.includes(name) ? `yes${exceptions(connector, name)}` : `no: ${missing[name] ?? ""}`,
  ]);
  const used = endpointNames.filter((name) => uses[name] !== "unused").map((name) => [endpoints[name], uses[name]]);
  const refused = Object.entries(trust.refusedClaims).map(([claim, values]) => `\`${claim}\`: ${code(values)}`);
  return [
    table(["Ability", "Offered"], ...abilityRows, ...presetParts.map((part) => presetRow(connector, part))),
    table(
      ["Consumer secrets and tokens", ""],
      ["Secrets valid side by side", secretsAtOnce(connector)],
      ["A replaced secret works on for", overlap(consumerSecrets)],
      ["The server shows a secret again", consumerSecrets.readable ? "yes" : "no"],
      ["Token lifetimes for each client", connector.lifetimesPerClient ? "yes" : "no"],
      ...(connector.scopeGrants === "any_client"
        ? [["Scopes that a client may ask for", "all: no grant is kept"]]
        : []),
    ),
    table(["Endpoint", "Use"], ...used),
    table(
      ["In a token", "Looked for"],
      ["Consumer key", code(trust.consumerKeyClaims)],
      ["Scopes", code(trust.scopesClaims)],
      ["Algorithms", code(trust.algorithms)],
      ["Header `typ`", code(trust.tokenTypes)],
      ["Refused as no access token", refused.join("; ") || "–"],
      ...(trust.introspectedMembers?.length
        ? [["An introspection answer, refused without", code(trust.introspectedMembers)]]
        : []),
    ),
    `Grant types where discovery names none: ${code(grantTypes)}.`,
  ].join("\n\n");
}

/** All connectors side by side. */
export function connectorMatrix(connectors: readonly Connector[]): string {
  const head = [
    "Connector",
    ...abilities.map((name) => shortLabels[name]),
    "Chosen at first",
    "Secrets at once",
    "Lifetimes per client",
  ];
  const rows = connectors.map((connector) => [
    `[${connector.name}](../../connectors/${connector.id}/README.md)`,
    ...abilities.map((name) => mark(connector, name)),
    presetParts.flatMap((part) => (connector.preset?.[part] ? [presets[part].short] : [])).join(", ") || "–",
    secretsAtOnce(connector),
    connector.lifetimesPerClient ? "✓" : "–",
  ]);
  return table(head, ...rows);
}

const declared = /(<!-- declared -->\n)[^]*?(\n<!-- end -->)/;

/** A page with its declared part brought up to date; null where it has no place for one. */
export function withDeclared(page: string, facts: string): string | null {
  return declared.test(page)
    ? page.replace(declared, (_all, begin: string, end: string) => `${begin}\n${facts}\n${end}`)
    : null;
}

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { endpointNames, type Capability, type Connector, type EndpointName } from "#lib/connector-kit/contract.ts";
import { connectors, findConnector } from "./registry.ts";

const abilities: Record<Capability, string> = {
  findClients: "Find a client whose creation was interrupted",
  proveClient: "Attach an existing client after proof of possession",
  rotateSecret: "Replace a consumer secret",
  issueToken: "Get a token for a developer",
  revokeToken: "Revoke a token",
  introspectToken: "Ask about a token (opaque tokens)",
  scopes: "Create scopes and grant them to clients",
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

const code = (items: readonly string[]) => items.map((item) => `\`${item}\``).join(", ");

/** What a connector declares, as its page in docs/connectors says it. */
function factsOf({ capabilities, endpoints: uses, grantTypes, trust }: Connector): string {
  const table = (...rows: string[][]) => rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const can = Object.entries(abilities).map(([name, words]) => [
    words,
    capabilities.includes(name as Capability) ? "yes" : "no",
  ]);
  const used = endpointNames.filter((name) => uses[name] !== "unused").map((name) => [endpoints[name], uses[name]]);
  const refused = Object.entries(trust.refusedClaims).map(([claim, values]) => `\`${claim}\`: ${code(values)}`);
  return [
    table(["Ability", "Offered"], ["---", "---"], ["Create, read, change and delete clients", "yes"], ...can),
    table(["Endpoint", "Use"], ["---", "---"], ...used),
    table(
      ["In a token", "Looked for"],
      ["---", "---"],
      ["Consumer key", code(trust.consumerKeyClaims)],
      ["Scopes", code(trust.scopesClaims)],
      ["Algorithms", code(trust.algorithms)],
      ["Header `typ`", code(trust.tokenTypes)],
      ["Refused as no access token", refused.join("; ") || "–"],
    ),
    `Grant types where discovery names none: ${code(grantTypes)}.`,
  ].join("\n\n");
}

/** Tables may be drawn wide or narrow. */
const plain = (markdown: string) =>
  markdown
    .replaceAll(/-{3,}/g, "---")
    .replaceAll(/[ \t]+/g, " ")
    .trim();

describe("the registry", () => {
  it("finds each connector by its id, and nothing by another", () => {
    for (const connector of connectors) expect(findConnector(connector.id)).toBe(connector);
    expect(new Set(connectors.map(({ id }) => id)).size).toBe(connectors.length);
    expect(findConnector("nothing")).toBeUndefined();
  });

  it.each(connectors.map((connector) => [connector.id, connector] as const))(
    "has a page for %s that states what the connector declares and leads to its guide",
    async (id, connector) => {
      const page = await readFile(`docs/connectors/${id}.md`, "utf8");
      const [, facts] = /<!-- declared -->\n([^]*?)<!-- end -->/.exec(page) ?? [];
      expect(plain(facts ?? "")).toBe(plain(factsOf(connector)));
      expect(page).toContain(`](../../${connector.guide})`);
      expect(existsSync(connector.guide)).toBe(true);
      expect(await readFile("docs/connectors/README.md", "utf8")).toContain(`](${id}.md)`);
    },
  );
});

import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bringConnectors } from "#connectors/registry.ts";
import { readDescribedConnector } from "#lib/connector-kit/descriptor/read.ts";
import { createDeriveSecret } from "#lib/foundation/derived-secret.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { SavedState } from "#lib/gateway/saved-state.ts";
import { savedStateKey } from "./saved-state-key.ts";

const derive = createDeriveSecret(new Secret(randomBytes(32).toString("base64url")));
const path = join(tmpdir(), `latchkey-${process.pid}.state`);
const described = await readFile("docs/connectors/example/northwind.yaml", "utf8");

/** The installation as it starts with the operator's connectors as they are. */
function started(description: string, origin = "https://portal.example.com") {
  bringConnectors([readDescribedConnector(description, "northwind.yaml")]);
  return new SavedState({ path, key: savedStateKey({ derive, origin }) });
}

beforeEach(() => started(described).write([{ known: true }]));
afterEach(async () => {
  bringConnectors([]);
  await rm(path);
});

it("reads what it saved with the same connectors", async () => {
  expect(await started(described).read()).toEqual([{ known: true }]);
  expect(await started(`${described}\n# a remark\n`).read()).toEqual([{ known: true }]);
});

it("reads nothing that was saved while a connector declared something else", async () => {
  for (const [before, after] of [
    ["algorithms: [RS256]", "algorithms: [ES256]"],
    ["algorithms: [RS256]", "algorithms: [RS256]\n  introspectedMembers: [jti]"],
    ["id: northwind", "id: southwind"],
  ] as const) {
    const changed = described.replace(before, after);
    expect(changed).not.toBe(described);
    await expect(started(changed).read()).rejects.toThrow("present connectors");
  }
});

it("reads nothing that was saved while the installation had another address", async () => {
  await expect(started(described, "https://other.example.com").read()).rejects.toThrow("address");
});

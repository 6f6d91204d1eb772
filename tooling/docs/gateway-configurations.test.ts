/** The configurations in docs/gateways say what to fill in, and the page says it with the same names. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../bootstrap/checkout.mjs";

const folder = join(root, "docs/gateways");
const page = readFileSync(join(folder, "README.md"), "utf8");
const gateways = ["nginx", "caddy", "traefik", "envoy"];
const configurations = gateways.flatMap((gateway) =>
  readdirSync(join(folder, gateway)).map((name) => `${gateway}/${name}`),
);

const valuesIn = (text: string) => new Set([...text.matchAll(/\{\$?([A-Z][A-Z_]+)\}/g)].map(([, name = ""]) => name));

describe.each(configurations)("%s", (configuration) => {
  const lines = readFileSync(join(folder, configuration), "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  const explained = lines.slice(0, end).join("\n");
  const needed = valuesIn(
    lines
      .slice(end)
      .filter((line) => !line.trimStart().startsWith("#"))
      .join("\n"),
  );

  it("explains each value that it needs, in its first lines", () => {
    expect(needed.size).toBeGreaterThan(0);
    expect([...needed].filter((name) => !new RegExp(`\\b${name}\\b`).test(explained))).toEqual([]);
  });

  it("is filled in by a command of the page that names exactly these values, or takes them from the environment", () => {
    if (configuration === "caddy/Caddyfile") {
      for (const name of needed) expect(page).toContain(`${name}=`);
      return;
    }
    const [, named = ""] = new RegExp(`envsubst '([^']+)' < ${configuration.replaceAll(".", "\\.")}`).exec(page) ?? [];
    expect([...valuesIn(named)].sort()).toEqual([...needed].sort());
  });
});

it("are all linked from the page", () => {
  expect(configurations.length).toBe(6);
  for (const configuration of configurations) {
    expect(statSync(join(folder, configuration)).isFile()).toBe(true);
    expect(page).toContain(`](${configuration})`);
  }
});

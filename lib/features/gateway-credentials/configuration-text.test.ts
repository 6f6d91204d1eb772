import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fillAddress, firstExample, withLines } from "./configuration-text.ts";

const read = (name: string) => readFileSync(`docs/gateways/${name}`, "utf8");
const valuesIn = (text: string) => [...new Set(text.match(/\{\$?[A-Z_]+\}/g))].sort();

describe("a configuration for this installation", () => {
  it.each([
    ["nginx/latchkey.conf", "server localhost:3000;"],
    ["traefik/latchkey.yml", 'address: "http://localhost:3000/gateway/forward-auth?'],
    ["caddy/Caddyfile", "forward_auth localhost:3000 {"],
    ["envoy/http.yaml", 'uri: "http://localhost:3000"'],
  ])("of %s names its address, and leaves the rest to be filled in", (name, expected) => {
    const filled = fillAddress(read(name), "http://localhost:3000");
    expect(filled).toContain(expected);
    expect(valuesIn(filled)).toEqual(
      valuesIn(read(name)).filter((value) => !/LATCHKEY_(ADDRESS|HOST|PORT)/.test(value)),
    );
    expect(filled).not.toMatch(/^#.*\bLATCHKEY_(ADDRESS|HOST)/m);
  });

  it.each([
    ["nginx/latchkey.conf", ["server portal.example:443;", "Host                   portal.example;"]],
    [
      "nginx/latchkey.conf",
      ["proxy_pass https://latchkey/gateway/nginx/auth?", " proxy_ssl_name                portal.example;"],
    ],
    ["nginx/latchkey.conf", ["\n        proxy_ssl_verify              on;"]],
    ["traefik/latchkey.yml", ['address: "https://portal.example:443/gateway/forward-auth?']],
    ["caddy/Caddyfile", ["forward_auth https://portal.example:443 {"]],
    [
      "envoy/http.yaml",
      ['uri: "https://portal.example:443"', "\n        name: envoy.transport_sockets.tls", "exact: portal.example "],
    ],
  ])("of %s asks an installation behind TLS over TLS, and checks who answers", (name, expected) => {
    const filled = fillAddress(read(name), "https://portal.example");
    for (const part of expected) expect(filled).toContain(part);
    expect(filled).not.toContain("latchkey.example");
  });
});

it("lines behind number signs come into force where their subject is named, and no others", () => {
  const text =
    "a\n  # Of x: do it, and\n  # take the number signs away.\n  # b: 1\n  #   # c\nd\n# Of y: take the number sign away.\n# e";
  expect(withLines(text, "Of x")).toBe(text.replace("# b", "b").replace("#   # c", "  # c"));
  expect(withLines(text, "Of y")).toBe(text.replace("# e", "e"));
  expect(withLines(text, "Of z")).toBe(text);
});

it("finds the example of the middleware", () => {
  const example = firstExample(readFileSync("packages/node-middleware/README.md", "utf8"), "js");
  expect(example).toMatch(/^import express from "express";\n.*url: "https:\/\/latchkey\.example".*\}\);\n$/s);
});

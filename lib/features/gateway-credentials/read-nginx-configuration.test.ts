import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fillAddress } from "./read-nginx-configuration.ts";

const template = await readFile("docs/gateways/nginx/latchkey.conf", "utf8");

describe("the nginx configuration for this installation", () => {
  it("names its address, and leaves three values to fill in", () => {
    const filled = fillAddress(template, "http://localhost:3000");
    expect(filled).toContain("server localhost:3000;");
    const left = new Set(filled.match(/\$\{[A-Z_]+\}/g));
    expect([...left].sort()).toEqual(["${BACKEND_ADDRESS}", "${LATCHKEY_GATEWAY_CREDENTIAL}", "${LISTEN}"]);
    expect(filled).not.toContain("https://latchkey");
  });

  it("asks an installation behind TLS over TLS, and verifies it", () => {
    const filled = fillAddress(template, "https://portal.example");
    expect(filled).toContain("server portal.example:443;");
    expect(filled).toContain("proxy_pass https://latchkey/gateway/nginx/auth;");
    expect(filled).toMatch(/proxy_ssl_name portal\.example;\n +proxy_ssl_verify on;/);
  });
});

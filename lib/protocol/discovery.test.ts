import { describe, expect, it } from "vitest";
import { isConnectorError } from "#lib/foundation/connector-error.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import { discover } from "./discovery.ts";

/** A world in which exactly these addresses answer. */
function world(answers: Record<string, unknown>): { fetch: OutboundFetch; asked: string[] } {
  const asked: string[] = [];
  const fetch: OutboundFetch = (url) => {
    asked.push(url);
    const answer = answers[url];
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer === undefined) return Promise.resolve(new Response("nothing", { status: 404 }));
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    return Promise.resolve(new Response(text, { status: 200 }));
  };
  return { fetch, asked };
}

async function problem(fetch: OutboundFetch, url: string): Promise<{ kind: string; message: string }> {
  try {
    await discover(fetch, url);
    return { kind: "found", message: "" };
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return { kind: error.kind, message: error.message };
  }
}

const oidcAt = (issuer: string) => `${issuer}/.well-known/openid-configuration`;

function documentOf(issuer: string, changes: Record<string, unknown> = {}) {
  return {
    issuer,
    token_endpoint: "https://as.test/token",
    registration_endpoint: "https://as.test/reg",
    introspection_endpoint: "https://as.test/introspect",
    ...changes,
  };
}

describe("discover", () => {
  it.each([
    ["an issuer", "https://as.test"],
    ["an issuer with a path", "https://as.test/realms/shop"],
  ])("reads the document of %s and says where each value comes from", async (_name, issuer) => {
    const { fetch, asked } = world({ [oidcAt(issuer)]: documentOf(issuer) });
    const found = await discover(fetch, ` ${issuer} `);
    expect(found.metadata).toEqual(documentOf(issuer));
    expect(found.sources.token_endpoint).toBe(oidcAt(issuer));
    expect(asked).toEqual([oidcAt(issuer)]);
  });

  it("puts the well-known part between host and path where only RFC 8414 is spoken", async () => {
    const issuer = "https://as.test/tenant/a";
    const url = "https://as.test/.well-known/oauth-authorization-server/tenant/a";
    const { fetch } = world({ [url]: documentOf(issuer) });
    expect((await discover(fetch, issuer)).sourceUrl).toBe(url);
    expect((await discover(fetch, url)).metadata.issuer).toBe(issuer);
  });

  it("takes the address of a document, whether its issuer ends with a slash or not", async () => {
    for (const issuer of ["https://as.test", "https://as.test/", "https://as.test/x/"]) {
      const url = oidcAt(issuer.replace(/\/$/, ""));
      const { fetch } = world({ [url]: documentOf(issuer) });
      expect((await discover(fetch, url)).metadata.issuer).toBe(issuer);
    }
  });

  it("fills in from RFC 8414 what the OpenID Connect document leaves out, and only for the same issuer", async () => {
    const issuer = "https://as.test";
    const second = `${issuer}/.well-known/oauth-authorization-server`;
    const first = { issuer, token_endpoint: `${issuer}/token` };
    const more = documentOf(issuer, { revocation_endpoint: `${issuer}/revoke`, token_endpoint: `${issuer}/other` });
    const found = await discover(world({ [oidcAt(issuer)]: first, [second]: more }).fetch, issuer);
    expect(found.metadata).toMatchObject({
      token_endpoint: `${issuer}/token`,
      revocation_endpoint: `${issuer}/revoke`,
    });
    expect(found.sources).toMatchObject({ token_endpoint: oidcAt(issuer), revocation_endpoint: second });

    const foreign = world({ [oidcAt(issuer)]: first, [second]: documentOf("https://evil.test") });
    expect((await discover(foreign.fetch, issuer)).metadata).toEqual(first);
  });

  it.each([
    ["another issuer", "https://other.test"],
    ["a slash more", "https://as.test/"],
    ["other letters", "https://AS.test"],
    ["a port more", "https://as.test:443"],
  ])("refuses a document that belongs to %s", async (_name, issuer) => {
    const { fetch } = world({ [oidcAt("https://as.test")]: documentOf(issuer) });
    const { kind, message } = await problem(fetch, "https://as.test");
    expect(kind).toBe("misconfigured");
    expect(message).toContain(`“${issuer}”`);
  });

  it.each(["", "as.test", "ftp://as.test", "https://", "https://a b", "https://as.test/?x=1", "https://u:p@as.test"])(
    "asks nobody when %j is typed",
    async (typed) => {
      const { fetch, asked } = world({});
      expect((await problem(fetch, typed)).kind).toBe("misconfigured");
      expect(asked).toEqual([]);
    },
  );

  it.each<[string, unknown, string, RegExp]>([
    ["nothing there", undefined, "not_found", /no discovery document/],
    ["a page", "<html>", "bad_response", /not JSON/],
    ["nothing", "", "bad_response", /not JSON/],
    ["null", "null", "bad_response", /no discovery document/],
    ["a list", "[]", "bad_response", /no discovery document/],
    ["a number", "7", "bad_response", /no discovery document/],
    ["doubled keys", '{"issuer":"https://as.test","issuer":"https://as.test"}', "bad_response", /not JSON/],
    ["a document without an issuer", "{}", "bad_response", /names no issuer/],
    ["a private address", new OutboundError("address_refused"), "misconfigured", /not public/],
    ["an outage", new OutboundError("unreachable"), "unreachable", /could not be reached/],
    ["a redirect", new OutboundError("redirect"), "bad_response", /redirect/],
  ])("says in plain words that it met %s", async (_name, answer, kind, words) => {
    const { fetch } = world({ [oidcAt("https://as.test")]: answer });
    const found = await problem(fetch, "https://as.test");
    expect(found.kind).toBe(kind);
    expect(found.message).toMatch(words);
  });

  it("drops members that make no sense and names them", async () => {
    const issuer = "https://as.test";
    const odd = documentOf(issuer, {
      token_endpoint: "javascript:alert(1)",
      jwks_uri: 7,
      scopes_supported: "openid",
      revocation_endpoint: null,
    });
    const found = await discover(world({ [oidcAt(issuer)]: odd }).fetch, issuer);
    expect(found.metadata.token_endpoint).toBeUndefined();
    expect([...found.ignored].sort()).toEqual(["jwks_uri", "scopes_supported", "token_endpoint"]);
  });

  it("points at endpoints on other hosts", async () => {
    const issuer = "https://as.test";
    const odd = documentOf(issuer, {
      token_endpoint: "https://evil.test/token",
      jwks_uri: "https://as.test:8443/jwks",
    });
    const found = await discover(world({ [oidcAt(issuer)]: odd }).fetch, issuer);
    expect(found.foreignHosts).toEqual(["evil.test", "as.test:8443"]);
  });
});

import { decodeJwt, exportPKCS8, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { systemClock } from "#lib/foundation/clock.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { clientCredentialsToken, proveClientCredentials } from "./token.ts";

const tokenEndpoint = "https://sso.test/oauth/token";
const credentials = {
  method: "client_secret_post" as const,
  clientId: "client",
  clientSecret: new Secret("the-right-secret"),
};

type Reply = { status: number; error: string };

/** A token endpoint that refuses the grant of whoever has the right secret, and everybody else otherwise. */
function endpoint(forOwner: Reply, forOthers: Reply): OutboundFetch {
  return (_url, init) => {
    const isOwner = new URLSearchParams(init?.body).get("client_secret") === credentials.clientSecret.reveal();
    const { status, error } = isOwner ? forOwner : forOthers;
    return Promise.resolve(Response.json({ error }, { status }));
  };
}

describe("a proof whose grant is refused", () => {
  const refused = { status: 401, error: "invalid_client" };
  const prove = (fetch: OutboundFetch, refusals?: string[]) =>
    proveClientCredentials(
      { fetch, clock: systemClock },
      { tokenEndpoint, credentials, ...(refusals && { refusals }) },
    );

  it.each([400, 403])("counts with status %i where a wrong secret is refused differently", async (status) => {
    expect(await prove(endpoint({ status, error: "unauthorized_client" }, refused))).toBeNull();
  });

  it("counts with a vendor's own code where the vendor is known to use it", async () => {
    const fetch = endpoint({ status: 403, error: "access_denied" }, { status: 401, error: "access_denied" });
    expect(await prove(fetch, ["access_denied"])).toBeNull();
    await expect(prove(fetch)).rejects.toMatchObject({ kind: "credentials_refused" });
  });

  it("does not count where everybody is answered alike, nor with a 401 like any other", async () => {
    const alike = { status: 403, error: "unauthorized_client" };
    await expect(prove(endpoint(alike, alike))).rejects.toMatchObject({ kind: "unsupported" });
    for (const error of ["unauthorized_client", "access_denied"]) {
      const unauthorised = endpoint({ status: 401, error }, { status: 401, error });
      for (const refusals of [undefined, ["access_denied"]]) {
        await expect(prove(unauthorised, refusals)).rejects.toMatchObject({ kind: "credentials_refused" });
      }
    }
  });
});

describe("an address that is no token endpoint", () => {
  const places = [
    ["is not there", new Response("<html>Not found</html>", { status: 404 })],
    ["is gone", new Response(null, { status: 410 })],
    ["takes no POST", new Response(null, { status: 405 })],
    ["belongs to a realm that is not there", Response.json({ error: "Realm does not exist" }, { status: 404 })],
  ] as const;

  it.each(places)("%s: the settings are wrong, not the client or its secret", async (_name, response) => {
    const dependencies = { fetch: () => Promise.resolve(response.clone()), clock: systemClock };
    const refusal = {
      kind: "misconfigured",
      message: expect.stringContaining("There is no token endpoint at the address in the settings"),
    };
    await expect(proveClientCredentials(dependencies, { tokenEndpoint, credentials })).rejects.toMatchObject(refusal);
    const request = { tokenEndpoint, credentials, scopes: [] };
    await expect(clientCredentialsToken(dependencies, request)).rejects.toMatchObject(refusal);
  });

  it("is told from a token endpoint that refuses the client with an unusual status", async () => {
    const fetch = endpoint({ status: 404, error: "invalid_client" }, { status: 404, error: "invalid_client" });
    const proof = proveClientCredentials({ fetch, clock: systemClock }, { tokenEndpoint, credentials });
    await expect(proof).rejects.toMatchObject({ kind: "credentials_refused" });
  });
});

describe("a signed assertion", () => {
  it("names the token endpoint, or what the server wants instead", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const signing = {
      method: "private_key_jwt" as const,
      clientId: "client",
      privateKey: new Secret(await exportPKCS8(privateKey)),
      algorithm: "ES256",
    };
    const audiences: unknown[] = [];
    const fetch: OutboundFetch = (_url, init) => {
      const assertion = new URLSearchParams(init?.body).get("client_assertion") ?? "";
      audiences.push(decodeJwt(assertion).aud);
      return Promise.resolve(Response.json({ access_token: "token", token_type: "Bearer" }));
    };
    const request = { tokenEndpoint, credentials: signing, scopes: [] };
    await clientCredentialsToken({ fetch, clock: systemClock }, request);
    await clientCredentialsToken({ fetch, clock: systemClock }, { ...request, assertionAudience: "https://sso.test/" });
    expect(audiences).toEqual([tokenEndpoint, "https://sso.test/"]);
  });
});

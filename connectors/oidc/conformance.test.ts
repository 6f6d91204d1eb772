import { describe, expect, it } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientRef } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { client } from "./config.ts";
import { oidcSimulator, type SimulatedOidc, type OidcOptions } from "./simulator.ts";
import { oidc } from "./index.ts";

const vendorOf = (options: OidcOptions = {}) => simulated(oidcSimulator(options));

describe("with an initial access token, JWTs", () => {
  describeConnector(oidc, { start: () => vendorOf({ registration: "initial_access_token" }) });
});

describe("with a client of its own, opaque tokens, a new management token on every call", () => {
  describeConnector(oidc, {
    start: () => vendorOf({ registration: "client_credentials", accessTokens: "opaque", rotation: "always" }),
  });
});

describe("for clients with their secret in the body", () => {
  describeConnector(oidc, {
    start: () => vendorOf(),
    client: { authentication: { method: "client_secret_post" } },
  });
});

function opened(server: SimulatedOidc) {
  return managing(oidc.open(server.settings, { fetch: server.fetch, clock: systemClock, log: silentLog }));
}

function specOf(changes = {}) {
  const settings = client.parse({});
  return { name: "App", marker: "m", grantTypes: ["client_credentials"], redirectUris: [], settings, ...changes };
}

describe("oidc", () => {
  it("keeps the server's reason when registration is rejected", async () => {
    const server = oidcSimulator();
    server.rejectRegistration("redirect_uris is required");
    await expect(opened(server).registerClient(specOf())).rejects.toMatchObject({
      kind: "rejected",
      reason: "redirect_uris is required",
    });
  });

  it("hands on a management token that an update brought before it failed", async () => {
    const server = oidcSimulator({ rotation: "always" });
    const adapter = opened(server);
    const { ref } = await adapter.registerClient(specOf());
    server.rejectRegistration("no");
    const error: unknown = await adapter.updateClient(ref, specOf({ name: "B" })).catch((thrown: unknown) => thrown);
    if (!isConnectorError(error)) throw error;
    expect(error.kind).toBe("rejected");
    expect(error.credentials?.registrationToken?.reveal()).not.toBe(ref.registrationToken?.reveal());
  });

  it("keeps what others have set at the server when it updates a client", async () => {
    const server = oidcSimulator();
    const adapter = opened(server);
    const { ref } = await adapter.registerClient(specOf());
    const stored = server.clients.get(ref.consumerKey);
    if (stored) stored["contacts"] = ["ops@example.com"];
    await adapter.updateClient(ref, specOf({ name: "Renamed" }));
    expect(server.clients.get(ref.consumerKey)).toMatchObject({
      client_name: "Renamed",
      contacts: ["ops@example.com"],
    });
  });

  it("never sends a management token to another host", async () => {
    const server = oidcSimulator();
    const adapter = opened(server);
    const { ref } = await adapter.registerClient(specOf());
    const moved: ClientRef = { ...ref, registrationClientUri: "https://evil.test/reg/1" };
    const before = server.requests.length;
    await expect(adapter.readClient(moved)).rejects.toMatchObject({ kind: "misconfigured" });
    expect(server.requests.length).toBe(before);
  });

  it("does not call a client gone because its management token is dead", async () => {
    const server = oidcSimulator();
    const adapter = opened(server);
    const { ref } = await adapter.registerClient(specOf());
    const dead = { ...ref, registrationToken: new Secret("dead") };
    await expect(adapter.readClient(dead)).rejects.toMatchObject({ kind: "credentials_refused" });
    await expect(adapter.deleteClient(dead)).rejects.toMatchObject({ kind: "credentials_refused" });
    await expect(adapter.updateClient(dead, specOf())).rejects.toMatchObject({
      kind: "credentials_refused",
      ofClient: true,
    });
    server.removeClient(ref.consumerKey);
    expect(await adapter.readClient(dead)).toBeNull();
    await expect(adapter.updateClient(dead, specOf())).rejects.toMatchObject({ kind: "not_found" });
  });

  it("accepts a proof although the grant is refused, because a wrong secret is refused differently", async () => {
    const server = oidcSimulator();
    const made = server.addClient({
      grant_types: ["authorization_code"],
      response_types: ["code"],
      redirect_uris: ["https://app.example/cb"],
    });
    const ref = { consumerKey: made.client_id, consumerSecret: new Secret(made.client_secret ?? "") };
    expect((await opened(server).proveClient?.(ref))?.ref.consumerKey).toBe(made.client_id);
  });

  it("takes no proof from a server that refuses the grant without looking at the secret", async () => {
    const server = oidcSimulator();
    const { client_id: consumerKey } = server.addClient();
    server.fail({ status: 400, body: { error: "unauthorized_client" } }, { path: /\/token$/ });
    const ref = { consumerKey, consumerSecret: new Secret("anything") };
    await expect(opened(server).proveClient?.(ref)).rejects.toMatchObject({ kind: "unsupported" });
  });

  it("proves a client without its management token, which any use may replace", async () => {
    const server = oidcSimulator({ rotation: "always" });
    const made = server.addClient();
    const ref: ClientRef = {
      consumerKey: made.client_id,
      consumerSecret: new Secret(made.client_secret ?? ""),
      registrationClientUri: made.registration_client_uri,
      registrationToken: new Secret(made.registration_access_token),
    };
    const adapter = opened(server);
    expect((await adapter.proveClient?.(ref))?.ref.registrationToken?.reveal()).toBe(made.registration_access_token);
    expect(server.requests.filter(({ url }) => url === made.registration_client_uri)).toEqual([]);
    expect((await adapter.readClient(ref))?.ref.registrationToken?.reveal()).not.toBe(made.registration_access_token);
  });

  it("keeps the known management address, and takes the new token, where an answer names another origin", async () => {
    const server = oidcSimulator({ rotation: "always" });
    const { ref } = await opened(server).registerClient(specOf());
    const stored = server.clients.get(ref.consumerKey);
    const astray = oidc.open(server.settings, {
      clock: systemClock,
      log: silentLog,
      async fetch(url, init) {
        const body = (await (await server.fetch(url, init)).json()) as object;
        return Response.json({ ...body, registration_client_uri: "https://evil.test/reg/1" });
      },
    });
    const read = await managing(astray).readClient(ref);
    expect(read?.ref.registrationClientUri).toBe(ref.registrationClientUri);
    expect(read?.ref.registrationToken?.reveal()).not.toBe(ref.registrationToken?.reveal());
    expect((await opened(server).readClient(read?.ref ?? ref))?.ref.consumerKey).toBe(stored?.client_id);
  });
});

import { describe, expect, it } from "vitest";
import { changed, clientDocument, withoutServerMembers } from "./document.ts";
import { toChanges, toRegisteredClient } from "./wire.ts";
import { client } from "./config.ts";

const flat = (name: string) => `com.forgerock.openam.oauth2provider.${name}`;

/** As OpenAM 16.0.5 answered, shortened. */
const openam = {
  _id: "first",
  _rev: "2103025750",
  [flat("clientType")]: "Confidential",
  [flat("jwks")]: null,
  isConsentImplied: false,
  userpassword: null,
  [flat("scopes")]: ["[1]=b|en|Read b", "[0]=a"],
  [flat("responseTypes")]: ["[6]=code token id_token", "[0]=code", "[1]=token"],
  [flat("description")]: ["[0]="],
  [flat("accessTokenLifeTime")]: 0,
  [flat("refreshTokenLifeTime")]: 0,
  [flat("authorizationCodeLifeTime")]: 0,
  [flat("defaultScopes")]: ["[0]=a"],
  [flat("redirectionURIs")]: ["[0]=https://a.example/cb"],
  [flat("clientName")]: ["[0]=My app", "[1]=Meine App|de"],
  [flat("tokenEndPointAuthMethod")]: "client_secret_basic",
  [flat("publicKeyLocation")]: "jwks_uri",
  [flat("jwksURI")]: null,
  sunIdentityServerDeviceStatus: "Active",
  _type: { _id: "OAuth2Client", name: "OAuth2 Clients", collection: true },
};

const spec = {
  name: "Renamed",
  marker: "latchkey-1",
  grantTypes: ["client_credentials", "password"],
  redirectUris: [],
  settings: client.parse({ accessTokenLifetime: 60 }),
};

describe("the flat shape of OpenAM", () => {
  const document = clientDocument.parse(openam);

  it("reads numbered lists in their order, and an empty one as empty", () => {
    expect(document).toMatchObject({ isGrouped: false, id: "first" });
    expect(document.attributes.scopes).toEqual(["a", "b|en|Read b"]);
    expect(document.attributes.responseTypes).toEqual(["code", "token", "code token id_token"]);
    expect(document.attributes.descriptions).toEqual([]);
  });

  it("says of a client made by hand that it may use what every client may use", () => {
    const { state } = toRegisteredClient(document, { id: "first", consumerSecret: undefined });
    expect(state.name).toBe("My app");
    expect(state.grantTypes).toEqual(["authorization_code", "client_credentials", "refresh_token", "password"]);
  });

  it("is written back whole, with the grants in a description that no page shows, and names in other languages kept", () => {
    const body = changed(document, toChanges(spec, document));
    expect(Object.keys(body).sort()).toEqual(
      Object.keys(openam)
        .filter((name) => !["_id", "_rev", "_type"].includes(name))
        .sort(),
    );
    expect(body).toMatchObject({
      userpassword: null,
      [flat("scopes")]: ["[1]=b|en|Read b", "[0]=a"],
      [flat("clientName")]: ["[0]=Renamed", "[1]=Meine App|de"],
      [flat("redirectionURIs")]: ["[0]="],
      [flat("accessTokenLifeTime")]: 60,
      [flat("description")]: ["[0]=grant types: client_credentials password|zxx"],
    });
    const again = clientDocument.parse({ ...body, _id: "first" });
    const { state } = toRegisteredClient(again, { id: "first", consumerSecret: undefined });
    expect(state).toMatchObject({ name: "Renamed", grantTypes: spec.grantTypes, redirectUris: [] });
    expect(changed(again, toChanges(spec, again))).toEqual(body);
  });
});

describe("a certificate as authentication", () => {
  const settings = client.parse({ authentication: { method: "tls_client_auth", subject: "CN=app" } });

  it("is refused at OpenAM, whose clients have no place for one", () => {
    const document = clientDocument.parse(openam);
    expect(() => toChanges({ ...spec, settings }, document)).toThrow("Choose a secret or a private key");
    // Nor is anything of it written there for others.
    expect(JSON.stringify(changed(document, toChanges(spec, document)))).not.toContain("mTLS");
  });

  it("is not written to servers that do not know it", () => {
    const grouped = { coreOAuth2ClientConfig: { clientType: "Confidential" }, signEncOAuth2ClientConfig: {} };
    const document = clientDocument.parse(grouped);
    expect(JSON.stringify(changed(document, toChanges(spec, document)))).not.toContain("mTLS");
    expect(changed(document, toChanges({ ...spec, settings }, document))).toMatchObject({
      advancedOAuth2ClientConfig: { tokenEndpointAuthMethod: "tls_client_auth" },
      signEncOAuth2ClientConfig: { mTLSSubjectDN: "CN=app" },
    });
  });
});

describe("the grouped shape of PingAM", () => {
  const wrapped = (value: unknown) => ({ inherited: false, value });
  const pingam = {
    _id: "first",
    _rev: "-1",
    coreOAuth2ClientConfig: {
      userpassword: null,
      "userpassword-encrypted": "AAAAA0FFUwIQ",
      clientType: wrapped("Public"),
      clientName: { inherited: true, value: ["From the group"] },
      scopes: wrapped(["a"]),
      refreshTokenLifetime: wrapped(-1),
    },
    advancedOAuth2ClientConfig: { grantTypes: ["authorization_code"], contacts: wrapped(["a@example.com"]) },
    signEncOAuth2ClientConfig: { jwksUri: { inherited: false } },
    somethingNew: { future: wrapped([1]) },
    _provider: "x",
    _type: {},
  };
  const document = clientDocument.parse(pingam);

  it("reads values that are wrapped, plain, inherited or absent", () => {
    expect(document.isGrouped).toBe(true);
    const { state } = toRegisteredClient(document, { id: "first", consumerSecret: undefined });
    expect(state).toMatchObject({
      name: "From the group",
      grantTypes: ["authorization_code"],
      settings: { authentication: { method: "none" }, refreshTokenLifetime: -1, accessTokenLifetime: 0 },
    });
  });

  it("writes each value as it found it, keeps what it does not know, and sends no encrypted value back", () => {
    const body = changed(document, toChanges(spec, document));
    expect(body).toMatchObject({
      coreOAuth2ClientConfig: { clientName: wrapped(["Renamed"]), userpassword: null, scopes: wrapped(["a"]) },
      advancedOAuth2ClientConfig: { grantTypes: spec.grantTypes, contacts: wrapped(["a@example.com"]) },
      somethingNew: pingam.somethingNew,
    });
    expect(JSON.stringify(body)).not.toMatch(/-encrypted|"_(id|rev|type|provider)"/);
    expect(withoutServerMembers({ list: [{ "x-encrypted": 1, y: 2 }] })).toEqual({ list: [{ y: 2 }] });
  });
});

it.each([
  [{ _id: "x" }],
  [{ coreOAuth2ClientConfig: {} }],
  [{ coreOAuth2ClientConfig: { clientType: 7 } }],
  [{ coreOAuth2ClientConfig: { clientType: "Confidential", scopes: "a b" } }],
  [{ [flat("clientType")]: "Confidential", [flat("accessTokenLifeTime")]: "60" }],
  ["text"],
  [null],
])("refuses %j, which is no client", (body) => {
  expect(clientDocument.safeParse(body).success).toBe(false);
});

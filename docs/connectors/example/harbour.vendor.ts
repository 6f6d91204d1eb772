/** “Harbour ID”, the fictitious server of harbour.ts, in memory. */
import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { VendorKit } from "#lib/connector-kit/conformance/vendor-kit.ts";
import type { SimulatedVendor } from "#lib/connector-kit/simulator.ts";

type Boat = { id: string; secret: string; name: string; grants: string[]; returns: string[]; crew: boolean };

/** @returns a world of its own, with everything that the conformance suite asks for */
export default async function harbour(
  { simulate, simulatorMark, json, oauthError, clientOf, Secret }: VendorKit,
  { origin = "https://harbour.test" } = {},
): Promise<SimulatedVendor> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const issuer = `${origin}/id`;
  const pass = `canary-${randomUUID()}`;
  const canaries = [pass];
  const boats = new Map<string, Boat>();

  function make(body: Partial<Boat>): Boat {
    const boat = {
      name: "",
      grants: [],
      returns: [],
      crew: false,
      ...body,
      id: randomUUID(),
      secret: `canary-${randomUUID()}`,
    };
    canaries.push(boat.secret);
    boats.set(boat.id, boat);
    return boat;
  }

  async function manage(request: Request, id: string | undefined): Promise<Response> {
    if (request.headers.get("x-pass") !== pass) return json(401, { message: "no entry" });
    const { method } = request;
    const text = await request.text();
    const body = (text ? JSON.parse(text) : {}) as Partial<Boat>;
    if (id === undefined) return method === "POST" ? json(201, make(body)) : json(200, []);
    const boat = boats.get(decodeURIComponent(id));
    if (!boat) return json(404, { message: "no such boat" });
    if (method === "GET") return json(200, boat);
    if (method === "PUT") return json(200, Object.assign(boat, body));
    boats.delete(boat.id);
    return new Response(null, { status: 204 });
  }

  async function issue(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const given = clientOf(request, form);
    const boat = given && boats.get(given.clientId);
    if (!boat || boat.secret !== given.clientSecret) return oauthError(401, "invalid_client", "wrong credentials");
    if (!boat.grants.includes("client_credentials")) return oauthError(400, "unauthorized_client", "not this grant");
    if (form.get("scope")) return oauthError(400, "invalid_scope", "there are no scopes here");
    const token = await new SignJWT({ client_id: boat.id })
      .setProtectedHeader({ alg: "RS256", kid: "1", typ: "at+jwt" })
      .setIssuer(issuer)
      .setSubject(boat.id)
      .setAudience(origin)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime("5 minutes")
      .sign(privateKey);
    canaries.push(token);
    return json(200, { access_token: token, token_type: "Bearer", expires_in: 300 });
  }

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, id] = /^\/boats(?:\/([^/]+))?$/.exec(pathname) ?? [];
    if (/^\/boats(\/[^/]+)?$/.test(pathname)) return manage(request, id);
    if (pathname === "/id/token") return issue(request);
    if (pathname === "/id/keys") {
      return json(200, { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256", use: "sig" }] });
    }
    if (pathname === "/id/.well-known/openid-configuration") {
      return json(200, {
        ...simulatorMark,
        issuer,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ["code"],
      });
    }
    return json(404, { message: "nothing here" });
  }

  const connectionInput = { url: origin, pass };
  return {
    ...simulate([origin], handle),
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    settings: {
      issuer,
      endpoints: { token: `${issuer}/token` },
      signingKeys: { kind: "jwks", url: `${issuer}/keys` },
      connection: { ...connectionInput, pass: new Secret(pass) },
    },
    connectionInput,
    refusedConnectionInput: { ...connectionInput, pass: "wrong" },
    canaries,
    createClient() {
      const { id: clientId, secret: clientSecret } = make({ name: "By hand", grants: ["client_credentials"] });
      return Promise.resolve({ clientId, clientSecret });
    },
  };
}

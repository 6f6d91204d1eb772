/**
 * PingAM and Advanced Identity Cloud in memory: one realm with its REST API and its protocol endpoints, from the
 * published documentation and what has been observed of the real ones. It is as strict as they are: a client
 * that was not made from the template gets no token, and an attribute that is left out is gone.
 */
import { json, simulate, simulatorMark, type SimulatedVendor, type Simulator } from "#lib/connector-kit/simulator.ts";
import { connection } from "./config.ts";
import { crestError, restRequest } from "./simulator-rest.ts";
import { oauthRequest } from "./simulator-tokens.ts";
import { createWorld, scopeNames, type World, type WorldOptions } from "./simulator-world.ts";

export type SimulatedAm = SimulatedVendor & { world: World };

function discovery({ issuer, provider }: World): Response {
  const { supportedScopes, grantTypes } = provider["advancedOAuth2Config"] ?? {};
  return json(200, {
    ...simulatorMark,
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/access_token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/token/revoke`,
    registration_endpoint: `${issuer}/register`,
    jwks_uri: `${issuer}/connect/jwk_uri`,
    scopes_supported: scopeNames((supportedScopes ?? []) as string[]),
    grant_types_supported: grantTypes,
    response_types_supported: ["code", "token", "id_token", "code token", "none"],
    subject_types_supported: ["public"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    version: "3.0",
  });
}

async function handle(world: World, request: Request): Promise<Response> {
  const url = request.url.split("?", 1)[0] ?? "";
  if (url === `${world.issuer}/.well-known/openid-configuration`) return discovery(world);
  if (url.startsWith(`${world.adminBase}/json/`)) {
    return restRequest(world, request, url.slice(`${world.adminBase}/json`.length));
  }
  for (const base of [world.base, world.adminBase]) {
    const place = `${base}/oauth2`;
    if (url.startsWith(`${place}/`)) return oauthRequest(world, request, url.slice(place.length));
  }
  return crestError(404, "Not Found");
}

/** Starts a realm; every one is a world of its own. */
export function simulateAm(place: { origin: string }, options: WorldOptions = {}): SimulatedAm {
  const world = createWorld(place.origin, options);
  const { issuer, canaries } = world;
  // A client whose tokens AM's REST API takes: the portal's own.
  const portal = world.addClient({
    id: "latchkey",
    core: { scopes: ["fr:am:*"], defaultScopes: [] },
    advanced: { tokenEndpointAuthMethod: "client_secret_post" },
  });
  const signIn = { method: "client_secret", clientId: portal.id, clientSecret: portal.secret };
  const origins = [place.origin, new URL(world.adminBase).origin];
  const simulation = simulate(origins, (request) => handle(world, request), {
    absent: () => crestError(404, "Not Found"),
    rateLimited: (waitSeconds) =>
      crestError(
        429,
        "Rate limit exceeded",
        undefined,
        waitSeconds === undefined ? {} : { "retry-after": String(waitSeconds) },
      ),
  });
  const connectionInput = { authentication: signIn };
  return {
    ...simulation,
    world,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    settings: {
      issuer,
      endpoints: {
        token: `${issuer}/access_token`,
        introspection: `${issuer}/introspect`,
        revocation: `${issuer}/token/revoke`,
      },
      signingKeys: { kind: "jwks", url: `${issuer}/connect/jwk_uri` },
      connection: connection.parse(connectionInput),
    },
    connectionInput,
    refusedConnectionInput: { authentication: { ...signIn, clientSecret: "not-the-secret" } },
    canaries,
    createClient: () => {
      const { id, secret } = world.addClient();
      return Promise.resolve({ clientId: id, clientSecret: secret });
    },
    scope: "default",
    pass: world.pass,
  };
}

export const simulator: Simulator = { connectorId: "forgerock", open: (place) => simulateAm(place) };

/** The token endpoint of a tenant: client credentials by secret or certificate, tokens of both versions. */
import { createHash, X509Certificate } from "node:crypto";
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { clientOf, json } from "#lib/connector-kit/simulator.ts";
import type { SimulatedDirectory, StoredApplication } from "./simulator-directory.ts";
import { aadsts } from "./simulator-words.ts";

export type LoginOptions = {
  directory: SimulatedDirectory;
  tenantId: string;
  /** Issuers of both versions. */
  issuers: { v1: string; v2: string };
  tokenEndpoint: string;
  /** The name of Graph as a resource. */
  graph: string;
  /** Permissions of Graph that an application was granted. */
  graphPermissionsOf(appId: string): readonly string[];
  signingKey: Parameters<SignJWT["sign"]>[0];
  now(): number;
  note(token: string): void;
};

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const lifetimeSeconds = 3599;

/** Opens the token endpoint. */
export function openSimulatedLogin(options: LoginOptions) {
  const { directory, tenantId, issuers, tokenEndpoint, graph, now } = options;

  const wrongSecret = () =>
    aadsts(
      401,
      "invalid_client",
      7000215,
      "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
    );
  const wrongAssertion = () =>
    aadsts(
      401,
      "invalid_client",
      700027,
      "The certificate with identifier used to sign the client assertion is not registered on application, or the signature is invalid.",
    );

  /** Problems are answers; null is a client that has proven itself. */
  async function refusalOf(app: StoredApplication, request: Request, form: URLSearchParams): Promise<Response | null> {
    const assertion = form.get("client_assertion");
    if (assertion !== null) return (await isSignedBy(app, assertion, form)) ? null : wrongAssertion();
    const secret = clientOf(request, form)?.clientSecret;
    if (!secret) {
      return aadsts(
        401,
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
      );
    }
    const known = [...directory.passwords.values()].find(
      (entry) => entry.secret === secret && entry.appId === app.appId,
    );
    if (!known || (known.goneAt ?? Infinity) <= now()) return wrongSecret();
    if (known.endsAt <= now()) {
      return aadsts(
        401,
        "invalid_client",
        7000222,
        `The provided client secret keys for app '${app.appId}' are expired.`,
      );
    }
    return known.usesLeftToLag-- > 0 ? wrongSecret() : null;
  }

  async function isSignedBy(app: StoredApplication, assertion: string, form: URLSearchParams): Promise<boolean> {
    if (form.get("client_assertion_type") !== assertionType) return false;
    try {
      const header = decodeProtectedHeader(assertion) as { x5t?: string; "x5t#S256"?: string };
      for (const { key } of app.keyCredentials) {
        const certificate = new X509Certificate(Buffer.from(String(key), "base64"));
        const digest = (name: string) => createHash(name).update(certificate.raw).digest("base64url");
        if (header["x5t#S256"] !== digest("sha256") && header.x5t !== digest("sha1")) continue;
        await jwtVerify(assertion, certificate.publicKey, {
          algorithms: ["PS256", "RS256"],
          issuer: app.appId,
          subject: app.appId,
          audience: tokenEndpoint,
          requiredClaims: ["exp", "jti", "nbf"],
          currentDate: new Date(now() * 1000),
        });
        return true;
      }
    } catch {
      return false;
    }
    return false;
  }

  type Resource = { audience: string; roles: readonly string[]; version: number; isGraph: boolean };

  function resourceOf(name: string, client: StoredApplication): Resource | Response {
    const principal = directory.principalOf(client.appId);
    if (!principal) {
      return aadsts(
        400,
        "unauthorized_client",
        7000229,
        `The client application ${client.appId} is missing service principal in the tenant ${tenantId}.`,
      );
    }
    if (name === graph) {
      return { audience: graph, roles: options.graphPermissionsOf(client.appId), version: 1, isGraph: true };
    }
    const app = [...directory.applications.values()].find(
      ({ appId, identifierUris }) => appId === name || identifierUris.includes(name),
    );
    const api = app && directory.principalOf(app.appId);
    if (!app || !api) {
      return aadsts(
        400,
        "invalid_resource",
        500011,
        `The resource principal named ${name} was not found in the tenant named Contoso.`,
      );
    }
    const held = [...directory.assignments.values()].filter(
      ({ principalId, resourceId }) => principalId === principal.id && resourceId === api.id,
    );
    if (api.appRoleAssignmentRequired && held.length === 0) {
      return aadsts(
        400,
        "invalid_grant",
        501051,
        `Application '${client.appId}'(${client.displayName}) is not assigned to a role for the application '${app.appId}'(${app.displayName}).`,
      );
    }
    const roles = app.appRoles.filter(
      ({ id, isEnabled }) => isEnabled && held.some(({ appRoleId }) => appRoleId === id),
    );
    const version = app.api.requestedAccessTokenVersion ?? 1;
    return {
      audience: version === 2 ? app.appId : name,
      roles: roles.map(({ value }) => value),
      version,
      isGraph: false,
    };
  }

  async function signed(client: StoredApplication, { audience, roles, version, isGraph }: Resource): Promise<string> {
    const principalId = directory.principalOf(client.appId)?.id ?? "";
    const named = version === 2 ? { azp: client.appId, azpacr: "1" } : { appid: client.appId, appidacr: "1" };
    const claims = {
      ...named,
      oid: principalId,
      tid: tenantId,
      ver: `${String(version)}.0`,
      idtyp: "app",
      ...(roles.length > 0 && { roles }),
    };
    const token = await new SignJWT(claims)
      // The signature of Graph's own tokens covers another nonce than the one that is shown.
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "simulated", ...(isGraph && { nonce: "simulated" }) })
      .setIssuer(version === 2 ? issuers.v2 : issuers.v1)
      .setAudience(audience)
      .setSubject(principalId)
      .setJti(crypto.randomUUID())
      .setIssuedAt(now())
      .setNotBefore(now())
      .setExpirationTime(now() + lifetimeSeconds)
      .sign(options.signingKey);
    options.note(token);
    return token;
  }

  /** Tokens of Graph by the application that holds them. */
  const sessions = new Map<string, { appId: string; permissions: readonly string[]; endsAt: number }>();

  return {
    /** Who holds a token of Graph; undefined where it is none or has run out. */
    callerOf(token: string) {
      const session = sessions.get(token);
      return session && session.endsAt > now() ? session : undefined;
    },

    /** Answers a request for a token. */
    async token(request: Request): Promise<Response> {
      const form = new URLSearchParams(await request.text());
      if (!request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) {
        return aadsts(
          400,
          "invalid_request",
          900144,
          "The request body must contain the following parameter: 'grant_type'.",
        );
      }
      const clientId = clientOf(request, form)?.clientId ?? form.get("client_id") ?? "";
      const app = directory.byAppId(clientId.toLowerCase());
      if (!app) {
        return aadsts(
          400,
          "unauthorized_client",
          700016,
          `Application with identifier '${clientId}' was not found in the directory 'Contoso'.`,
        );
      }
      if (form.get("grant_type") !== "client_credentials") {
        return aadsts(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
      }
      const scope = form.get("scope");
      if (!scope)
        return aadsts(400, "invalid_request", 90014, "The required field 'scope' is missing from the credential.");
      if (scope.includes(" ")) {
        return aadsts(400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.");
      }
      if (!scope.endsWith("/.default")) {
        return aadsts(
          400,
          "invalid_scope",
          1002012,
          `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
        );
      }
      const refused = await refusalOf(app, request, form);
      if (refused) return refused;
      const resource = resourceOf(scope.slice(0, -"/.default".length), app);
      if (resource instanceof Response) return resource;
      const token = await signed(app, resource);
      if (resource.isGraph)
        sessions.set(token, { appId: app.appId, permissions: resource.roles, endsAt: now() + lifetimeSeconds });
      return json(200, {
        token_type: "Bearer",
        expires_in: lifetimeSeconds,
        ext_expires_in: lifetimeSeconds,
        access_token: token,
      });
    },
  };
}

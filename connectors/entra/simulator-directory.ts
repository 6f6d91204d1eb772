/** Microsoft Graph over a directory in memory: applications, their service principals, what was granted to them. */
import { randomUUID, X509Certificate } from "node:crypto";
import { json } from "#lib/connector-kit/simulator.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { applicationProblem, isApplicationMember, unknownMember, type Body, type Entry } from "./simulator-rules.ts";
import { badRequest, denied, graphRefusal, notFound } from "./simulator-words.ts";

export type StoredPassword = {
  keyId: string;
  displayName: string | null;
  hint: string;
  startDateTime: string;
  endDateTime: string;
};

export type StoredApplication = Body & {
  id: string;
  appId: string;
  displayName: string;
  tags: string[];
  passwordCredentials: StoredPassword[];
  keyCredentials: Body[];
  appRoles: Entry[];
  identifierUris: string[];
  api: { requestedAccessTokenVersion: number | null; oauth2PermissionScopes: Entry[]; [member: string]: unknown };
};

/** What the token endpoint knows of a secret. */
export type KnownSecret = {
  secret: string;
  appId: string;
  endsAt: number;
  /** When every replica knows that it was removed. */
  goneAt?: number;
  /** How often it is still refused because it is new. */
  usesLeftToLag: number;
};

export type ServicePrincipal = { id: string; appId: string; displayName: string; appRoleAssignmentRequired: boolean };
export type Assignment = { id: string; principalId: string; resourceId: string; appRoleId: string };
export type Consent = { id: string; clientId: string; consentType: string; resourceId: string; scope: string };

export type DirectoryOptions = {
  /** Where Graph stands, with its version. */
  base: string;
  /** Seconds since the epoch. */
  now(): number;
  /** Called with each secret that is made. */
  note(secret: string): void;
  /** How many objects a page of a list has. */
  pageSize: number;
  /** How often an application is shown as it was before its last change. */
  staleReads: number;
};

/** Who asks: the application of a token, and the permissions in it. */
export type Caller = { appId: string; permissions: readonly string[] };

const years = (count: number) => count * 365 * 86_400;

/** Opens an empty directory. */
export function openSimulatedDirectory(options: DirectoryOptions) {
  const { base, now, note } = options;
  const applications = new Map<string, StoredApplication>();
  const deleted = new Map<string, StoredApplication>();
  const principals = new Map<string, ServicePrincipal>();
  const assignments = new Map<string, Assignment>();
  const consents = new Map<string, Consent>();
  const passwords = new Map<string, KnownSecret>();
  const owners = new Map<string, string>();
  const stale = new Map<string, { shown: StoredApplication; left: number }>();
  const at = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000", "");
  const noContent = () => new Response(null, { status: 204 });

  // --- Applications ---

  function create(body: Body, owner: string): StoredApplication {
    const web = { homePageUrl: null, logoutUrl: null, redirectUris: [], redirectUriSettings: [] };
    const app: StoredApplication = {
      id: randomUUID(),
      deletedDateTime: null,
      appId: randomUUID(),
      createdDateTime: at(now()),
      description: null,
      notes: null,
      identifierUris: [],
      publisherDomain: "contoso.test",
      signInAudience: "AzureADMyOrg",
      optionalClaims: null,
      requiredResourceAccess: [],
      isFallbackPublicClient: null,
      spa: { redirectUris: [] },
      publicClient: { redirectUris: [] },
      info: { logoUrl: null, marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null },
      displayName: "",
      tags: [],
      appRoles: [],
      keyCredentials: [],
      passwordCredentials: [],
      ...body,
      web: { ...web, implicitGrantSettings: {}, ...(body["web"] as Body | undefined) },
      api: {
        acceptMappedClaims: null,
        knownClientApplications: [],
        preAuthorizedApplications: [],
        requestedAccessTokenVersion: null,
        oauth2PermissionScopes: [],
        ...(body["api"] as Body | undefined),
      },
    };
    complete(app);
    applications.set(app.id, app);
    owners.set(app.id, owner);
    return app;
  }

  /** What Graph adds by itself. */
  function complete(app: StoredApplication): void {
    const web = app["web"] as { redirectUris: string[]; redirectUriSettings: unknown };
    web.redirectUriSettings = web.redirectUris.map((uri) => ({ uri, index: null }));
    app.keyCredentials = app.keyCredentials.map((credential) => {
      if (credential["keyId"] !== undefined) return credential;
      const { fingerprint, validFrom, validTo } = new X509Certificate(Buffer.from(String(credential["key"]), "base64"));
      return {
        ...credential,
        keyId: randomUUID(),
        customKeyIdentifier: Buffer.from(fingerprint.replaceAll(":", ""), "hex").toString("base64"),
        startDateTime: at(Date.parse(validFrom) / 1000),
        endDateTime: at(Date.parse(validTo) / 1000),
      };
    });
  }

  function update(app: StoredApplication, body: Body): void {
    if (options.staleReads > 0) stale.set(app.id, { shown: structuredClone(app), left: options.staleReads });
    for (const [member, value] of Object.entries(body)) {
      const isPart = typeof value === "object" && value !== null && !Array.isArray(value);
      app[member] = isPart ? { ...(app[member] as Body), ...(value as Body) } : value;
    }
    complete(app);
  }

  function remove(app: StoredApplication): void {
    applications.delete(app.id);
    deleted.set(app.id, { ...app, deletedDateTime: at(now()) });
    const principal = principalOf(app.appId);
    if (!principal) return;
    principals.delete(principal.id);
    const isOf = (id: string) => id === principal.id;
    for (const [id, entry] of assignments) {
      if (isOf(entry.principalId) || isOf(entry.resourceId)) assignments.delete(id);
    }
    for (const [id, entry] of consents) if (isOf(entry.clientId) || isOf(entry.resourceId)) consents.delete(id);
  }

  // Ids are GUIDs, not texts: their spelling does not matter to Graph.
  const byAppId = (appId: string) => [...applications.values()].find((app) => app.appId === appId.toLowerCase());
  const principalOf = (appId: string) => [...principals.values()].find((entry) => entry.appId === appId);

  function addPrincipal({ appId, displayName }: StoredApplication): ServicePrincipal {
    const made = { id: randomUUID(), appId, displayName, appRoleAssignmentRequired: false };
    principals.set(made.id, made);
    return made;
  }

  function addPassword(
    app: StoredApplication,
    asked: Body,
    usesLeftToLag = 0,
  ): StoredPassword & { secretText: string } {
    // The first three characters are shown later as the hint.
    const secretText = `${randomToken(3).slice(0, 3)}8Q-canary-${randomToken(15)}`;
    note(secretText);
    const endsAt =
      typeof asked["endDateTime"] === "string" ? Date.parse(asked["endDateTime"]) / 1000 : now() + years(2);
    const stored: StoredPassword = {
      keyId: randomUUID(),
      displayName: (asked["displayName"] as string | undefined) ?? null,
      hint: secretText.slice(0, 3),
      startDateTime: at(now()),
      endDateTime: at(endsAt),
    };
    if (options.staleReads > 0) stale.set(app.id, { shown: structuredClone(app), left: options.staleReads });
    app.passwordCredentials.push(stored);
    passwords.set(stored.keyId, { secret: secretText, appId: app.appId, endsAt, usesLeftToLag });
    return { ...stored, secretText };
  }

  /** Replicas of the token endpoint go on taking a removed secret for half a minute. */
  const lingerSeconds = 30;

  function removePassword(app: StoredApplication, keyId: unknown): boolean {
    const found = app.passwordCredentials.find((credential) => credential.keyId === keyId);
    if (!found) return false;
    app.passwordCredentials = app.passwordCredentials.filter((credential) => credential !== found);
    const known = passwords.get(found.keyId);
    if (known) known.goneAt = now() + lingerSeconds;
    return true;
  }

  // --- Answers ---

  function shown(app: StoredApplication, searchParams: URLSearchParams): Response {
    const select = searchParams.get("$select")?.split(",");
    const unknown = select?.find((name) => !isApplicationMember(name));
    if (unknown !== undefined) {
      return badRequest(`Could not find a property named '${unknown}' on type 'microsoft.graph.application'.`);
    }
    const waiting = stale.get(app.id);
    const current = waiting && waiting.left-- > 0 ? waiting.shown : app;
    // Certificates come only to whoever asks for them by name.
    const keyCredentials = select ? current.keyCredentials : withoutKeys(current);
    const whole: Body = { ...current, keyCredentials };
    const part = select ? Object.fromEntries(select.map((name) => [name, whole[name]])) : whole;
    return json(200, { "@odata.context": `${base}/$metadata#applications/$entity`, ...part });
  }

  function withoutKeys({ keyCredentials }: StoredApplication): Body[] {
    return keyCredentials.map((credential) => ({ ...credential, key: null }));
  }

  function listed(url: URL, context: string, items: readonly object[]): Response {
    const skip = Number(url.searchParams.get("$skiptoken") ?? 0);
    const next = new URL(`${base}${url.pathname.slice(new URL(base).pathname.length)}${url.search}`);
    next.searchParams.set("$skiptoken", String(skip + options.pageSize));
    return json(200, {
      "@odata.context": `${base}/$metadata#${context}`,
      ...(items.length > skip + options.pageSize && { "@odata.nextLink": next.href }),
      value: items.slice(skip, skip + options.pageSize),
    });
  }

  // --- Requests ---

  const can = ({ permissions }: Caller, ...names: string[]) => names.some((name) => permissions.includes(name));
  const mayWrite = (caller: Caller, app: StoredApplication) =>
    can(caller, "Application.ReadWrite.All") ||
    (can(caller, "Application.ReadWrite.OwnedBy") && owners.get(app.id) === caller.appId);
  const mayRead = (caller: Caller) =>
    can(caller, "Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy");

  function searchedApplications(url: URL): Response {
    const filter = url.searchParams.get("$filter") ?? "";
    const [, tag] = /^tags\/any\(t:t eq '((?:[^']|'')*)'\)$/.exec(filter) ?? [];
    if (filter !== "" && tag === undefined) {
      return graphRefusal(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.");
    }
    const found = [...applications.values()].filter(
      ({ tags }) => tag === undefined || tags.includes(tag.replaceAll("''", "'")),
    );
    const select = url.searchParams.get("$select")?.split(",");
    const items = found.map((app) => {
      const whole: Body = { ...app, keyCredentials: withoutKeys(app) };
      return select ? Object.fromEntries(select.map((name) => [name, whole[name]])) : whole;
    });
    return listed(url, "applications", items);
  }

  function applicationRequest(request: Asked, app: StoredApplication, action: string | undefined): Response {
    const { method, body, caller, url } = request;
    if (method === "GET") return mayRead(caller) ? shown(app, url.searchParams) : denied();
    if (!mayWrite(caller, app)) return denied();
    if (action === "addPassword") {
      const asked = (body["passwordCredential"] ?? {}) as Body;
      const problem = unknownMember("passwordCredential", asked);
      if (problem) return problem;
      const end = asked["endDateTime"];
      if (end !== undefined && !(typeof end === "string" && Date.parse(end) / 1000 > now())) {
        return badRequest("Credential lifetime is invalid: the end must be after the start.");
      }
      const made = addPassword(app, asked, request.secretLag);
      return json(200, { customKeyIdentifier: null, ...made });
    }
    if (action === "removePassword") {
      return removePassword(app, body["keyId"]) ? noContent() : badRequest("No credentials found to be removed.");
    }
    if (action !== undefined) return badRequest(`Resource not found for the segment '${action}'.`);
    if (method === "DELETE") {
      remove(app);
      return noContent();
    }
    if (method !== "PATCH") return badRequest("Specified HTTP method is not allowed for the request target.");
    const problem = applicationProblem(body, app);
    if (problem) return problem;
    update(app, body);
    return noContent();
  }

  function createRequest({ body, caller }: Asked): Response {
    if (!can(caller, "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy")) return denied();
    const problem = applicationProblem(body);
    if (problem) return problem;
    const app = create(body, caller.appId);
    const answer = { ...app, keyCredentials: withoutKeys(app) };
    return json(201, { "@odata.context": `${base}/$metadata#applications/$entity`, ...answer });
  }

  function principalRequest({ body, caller }: Asked): Response {
    const appId = String(body["appId"]);
    const app = byAppId(appId);
    if (!app) {
      const words = `The appId '${appId}' of the service principal does not reference a valid application object.`;
      return badRequest(words, "NoBackingApplicationObject");
    }
    if (!mayWrite(caller, app)) {
      return denied(
        "When using this permission, the backing application of the service principal being created must in the local tenant",
      );
    }
    if (principalOf(appId)) {
      const words = `The service principal cannot be created: the service principal name ${appId} is already in use.`;
      return graphRefusal(409, "Request_MultipleObjectsWithSameKeyValue", words);
    }
    return json(201, { "@odata.context": `${base}/$metadata#servicePrincipals/$entity`, ...addPrincipal(app) });
  }

  function assignmentRequest(
    { method, body, caller, url }: Asked,
    principal: ServicePrincipal,
    path: string[],
  ): Response {
    const [collection, id] = path;
    const isResource = collection === "appRoleAssignedTo";
    const own = [...assignments.values()].filter(
      ({ principalId, resourceId }) => (isResource ? resourceId : principalId) === principal.id,
    );
    if (method === "GET") return mayRead(caller) ? listed(url, "appRoleAssignments", own) : denied();
    if (!can(caller, "AppRoleAssignment.ReadWrite.All")) return denied();
    if (method === "DELETE") {
      const found = own.find((entry) => entry.id === decodeURIComponent(id ?? ""));
      if (!found) return notFound(id ?? "");
      assignments.delete(found.id);
      return noContent();
    }
    const { principalId, resourceId, appRoleId } = body as Record<string, string>;
    const client = principals.get(principalId ?? "");
    const resource = principals.get(resourceId ?? "");
    if (!client || !resource || (isResource ? resource : client) !== principal) return notFound(principalId ?? "");
    const role = byAppId(resource.appId)?.appRoles.find((entry) => entry.id === appRoleId && entry.isEnabled);
    if (!role) return badRequest(`Permission being assigned was not found on application '${resource.appId}'.`);
    if ([...assignments.values()].some((entry) => entry.principalId === principalId && entry.appRoleId === role.id)) {
      return badRequest("Permission being assigned already exists on the object");
    }
    const made = { id: randomToken(32), principalId: client.id, resourceId: resource.id, appRoleId: role.id };
    assignments.set(made.id, made);
    return json(201, { "@odata.context": `${base}/$metadata#appRoleAssignments/$entity`, ...made });
  }

  function consentRequest({ method, body, caller, url }: Asked, id: string | undefined): Response {
    const isReader = can(caller, "Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All");
    if (method === "GET" && isReader) {
      const filter = url.searchParams.get("$filter") ?? "";
      const wanted = filter.split(" and ").map((clause) => /^(clientId|resourceId) eq '([^']*)'$/.exec(clause));
      if (wanted.includes(null)) return badRequest("Unsupported or invalid query filter clause specified.");
      const found = [...consents.values()].filter((entry) =>
        wanted.every((clause) => entry[clause?.[1] as "clientId" | "resourceId"] === clause?.[2]),
      );
      return listed(url, "oauth2PermissionGrants", found);
    }
    if (!can(caller, "DelegatedPermissionGrant.ReadWrite.All")) return denied();
    if (method === "POST") {
      const { clientId, consentType, resourceId, scope } = body as Record<string, string>;
      if (!clientId || !resourceId || scope === undefined || consentType !== "AllPrincipals") {
        return badRequest("A value is required for a property of resource 'OAuth2PermissionGrant'.");
      }
      if (!principals.has(clientId) || !principals.has(resourceId)) return notFound(clientId);
      if ([...consents.values()].some((entry) => entry.clientId === clientId && entry.resourceId === resourceId)) {
        return graphRefusal(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.");
      }
      const made = { id: randomToken(32), clientId, consentType, resourceId, scope };
      consents.set(made.id, made);
      return json(201, { "@odata.context": `${base}/$metadata#oauth2PermissionGrants/$entity`, ...made });
    }
    const found = consents.get(decodeURIComponent(id ?? ""));
    if (!found) return notFound(id ?? "");
    if (method === "DELETE") consents.delete(found.id);
    else found.scope = String(body["scope"]);
    return noContent();
  }

  function deletedRequest({ method, caller }: Asked, id: string): Response {
    const found = deleted.get(id);
    if (!mayRead(caller)) return denied();
    if (!found) return notFound(id);
    if (method === "GET") return json(200, { "@odata.type": "#microsoft.graph.application", ...found });
    if (!mayWrite(caller, found)) return denied();
    deleted.delete(id);
    return noContent();
  }

  type Asked = { method: string; url: URL; body: Body; caller: Caller; secretLag: number };

  /** Answers a request of somebody who is signed in. */
  async function handle(request: Request, caller: Caller, { secretLag = 0 } = {}): Promise<Response> {
    const url = new URL(request.url);
    const { method } = request;
    let body: Body = {};
    if (method === "POST" || method === "PATCH") {
      if (!request.headers.get("content-type")?.startsWith("application/json")) {
        return graphRefusal(
          400,
          "BadRequest",
          "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
        );
      }
      body = (await request.json()) as Body;
    }
    const asked: Asked = { method, url, body, caller, secretLag };
    const path = url.pathname.slice(new URL(base).pathname.length + 1);
    const [first = "", ...rest] = path.split("/");
    const [, collection, key] = /^(\w+)(?:\(appId='([^']+)'\))?$/.exec(first) ?? [];
    switch (collection) {
      case "applications": {
        if (key === undefined && rest.length === 0) {
          if (method === "POST") return createRequest(asked);
          return mayRead(caller) ? searchedApplications(url) : denied();
        }
        const app = key === undefined ? applications.get(rest[0] ?? "") : byAppId(key);
        const action = key === undefined ? rest[1] : rest[0];
        return app ? applicationRequest(asked, app, action) : notFound(key ?? rest[0] ?? "");
      }
      case "servicePrincipals": {
        if (key === undefined && rest.length === 0) return principalRequest(asked);
        const principal = key === undefined ? principals.get(rest[0] ?? "") : principalOf(key);
        if (!principal) return notFound(key ?? rest[0] ?? "");
        const below = key === undefined ? rest.slice(1) : rest;
        if (below.length > 0) return assignmentRequest(asked, principal, below);
        if (method !== "GET") return badRequest("Specified HTTP method is not allowed for the request target.");
        return mayRead(caller)
          ? json(200, { "@odata.context": `${base}/$metadata#servicePrincipals/$entity`, id: principal.id })
          : denied();
      }
      case "oauth2PermissionGrants":
        return consentRequest(asked, rest[0]);
      case "directory":
        if (rest[0] === "deletedItems" && rest[1] !== undefined) return deletedRequest(asked, rest[1]);
        break;
      default:
    }
    return badRequest(`Resource not found for the segment '${first}'.`);
  }

  return {
    handle,
    ...{ applications, deleted, principals, assignments, consents, passwords },
    ...{ create, addPrincipal, addPassword, byAppId, principalOf },
  };
}

export type SimulatedDirectory = ReturnType<typeof openSimulatedDirectory>;

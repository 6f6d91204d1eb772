/**
 * A connector as code, for the fictitious “Harbour ID”: a server that registers clients at an address of its own and
 * does the rest by the standards. docs/connectors/your-own.md builds it step by step; a test runs it.
 */
import type { ConnectorModule } from "#lib/connector-kit/kit.ts";

const connector: ConnectorModule = (kit) => {
  const { z, field, defineConnector, openAdministration, openStandardAdapter, probe, unlessAbsent, Secret } = kit;

  const connection = z.strictObject({
    url: field.url({ label: "Harbour's address", placeholder: "https://id.example.com" }),
    pass: field.secret({ label: "Pass", help: "From Harbour's settings, under Passes." }),
  });
  const client = z.strictObject({ crew: field.flag({ label: "For people of the crew only" }) });

  /** What Harbour says about a client; anything else is no answer. */
  const boat = z.object({
    id: z.string().min(1),
    secret: z.string().min(1),
    name: z.string(),
    grants: z.array(z.string()),
    returns: z.array(z.string()),
    crew: z.boolean(),
  });
  const toClient = ({ id, secret, name, grants, returns, crew }: ReturnType<typeof boat.parse>) => ({
    ref: { consumerKey: id, consumerSecret: new Secret(secret) },
    state: { name, grantTypes: grants, redirectUris: returns, settings: { crew } },
  });

  return defineConnector({
    id: "harbour",
    name: "Harbour ID",
    monogram: "Hb",
    summary: "An example of a connector as code.",
    connection,
    client,
    endpoints: {
      registration: "unused",
      token: "required",
      authorization: "optional",
      introspection: "unused",
      revocation: "unused",
      userinfo: "unused",
      displayToken: "optional",
      displayRevocation: "unused",
      scopeManagement: "unused",
    },
    grantTypes: ["client_credentials", "authorization_code"],
    trust: {
      consumerKeyClaims: ["client_id"],
      scopesClaims: ["scope"],
      algorithms: ["RS256"],
      tokenTypes: ["at+jwt"],
      refusedClaims: {},
    },
    capabilities: ["registerClient", "proveClient", "issueToken"],
    missing: {
      findClients: "Harbour ID cannot search its clients.",
      rotateSecret: "Harbour ID gives a client one secret for life.",
      secrets: "Harbour ID gives a client one secret for life.",
      exchangeToken: "Harbour ID does not exchange tokens.",
      revokeToken: "Harbour ID has no revocation endpoint.",
      introspectToken: "Harbour ID has no introspection endpoint.",
      scopes: "Harbour ID has no scopes.",
      changeOwner: "Harbour ID knows no owner of a client.",
    },
    consumerSecrets: { atOnce: 1, overlapSeconds: 0, readable: true },
    lifetimesPerClient: false,
    guide: {
      markdown: `# Harbour ID

1. In Harbour's settings, under **Passes**, make a pass for “boats”. It opens nothing else.
2. Copy the pass at once: Harbour shows it once.
3. Enter Harbour's address as it stands in the browser, without a path.

A pass that was copied with a blank at its end is refused with “no entry”. A pass for another harbour is refused in the
same way, so compare the address first. The issuer is the address followed by \`/id\`; the address of the key set is found
by itself. Clients that you make here are called boats in Harbour's own pages, and carry the name of the application.`,
    },
    open(settings, dependencies) {
      const { url, pass } = settings.connection;
      const api = openAdministration(
        {
          base: `${url.replace(/\/$/, "")}/boats`,
          apiName: "Harbour ID",
          secrets: [pass],
          signIn: () => Promise.resolve({ headers: { "x-pass": pass.reveal() } }),
        },
        dependencies,
      );
      const standard = openStandardAdapter(
        {
          endpoints: settings.endpoints,
          authoriseRegistration: () => Promise.resolve(undefined),
          introspectionClient: undefined,
          toMetadata: () => ({}),
          toSettings: () => ({}),
        },
        dependencies,
      );
      const pathOf = (id: string) => `/${encodeURIComponent(id)}`;
      const read = (id: string) =>
        api.read({ method: "GET", path: pathOf(id), doing: "Reading the client" }, boat).then(toClient);
      return {
        async registerClient({ name, grantTypes, redirectUris, settings: asked }) {
          const body = { name, grants: grantTypes, returns: redirectUris, ...client.parse(asked) };
          return toClient(await api.read({ method: "POST", path: "", body, doing: "Registering the client" }, boat));
        },
        readClient: async ({ consumerKey }) => (await unlessAbsent(read(consumerKey))) ?? null,
        async updateClient({ consumerKey }, { name, grantTypes, redirectUris, settings: asked }) {
          const body = { name, grants: grantTypes, returns: redirectUris, ...client.parse(asked) };
          const request = { method: "PUT", path: pathOf(consumerKey), body, doing: "Updating the client" } as const;
          return toClient(await api.read(request, boat));
        },
        async deleteClient({ consumerKey }) {
          await unlessAbsent(api.run({ method: "DELETE", path: pathOf(consumerKey), doing: "Deleting the client" }));
        },
        checkAccess: async () => [
          await probe("sign_in", "Harbour lets the portal in.", {
            attempt: () => api.run({ method: "GET", path: "", doing: "Signing in" }),
            fix: "Make a new pass in Harbour's settings, under Passes.",
          }),
        ],
        proveClient: standard.proveClient,
        issueToken: standard.issueToken,
      };
    },
  });
};

export default connector;

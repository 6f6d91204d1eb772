/**
 * An authorization server that is not Latchkey's: a plain oidc-provider in a process of its own. The demo
 * shows it as the external key manager; tests use it as the server that follows the standards.
 *
 * Settings come as JSON in the variable EXTERNAL_KEY_MANAGER. One line of JSON on standard output says where
 * it listens. It ends with its parent, or at SIGTERM.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Adapter, type AdapterPayload, type Configuration, type JWK } from "oidc-provider";
import { z } from "zod";
import { writeWhole } from "./memory.ts";

const settingsSchema = z.strictObject({
  /** 0 takes a free one. */
  port: z.number().int().min(0).max(65_535).default(0),
  initialAccessToken: z.string().min(16),
  /** A client that may ask about any token. */
  portalClient: z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().min(16) }),
  /** JWTs of RFC 9068 can be checked by anybody; opaque tokens have to be asked about. */
  tokens: z.enum(["jwt", "opaque"]).default("jwt"),
  scopes: z.array(z.string()).default(["orders:read", "orders:write"]),
  /** Where clients and keys survive a restart; in memory only where it is left out. */
  stateFile: z.string().optional(),
});

export type ExternalKeyManagerSettings = z.input<typeof settingsSchema>;
type Settings = z.output<typeof settingsSchema>;

type State = {
  keys: JWK[];
  cookieKey: string;
  records: Record<string, { payload: AdapterPayload; expiresAt?: number }>;
};

function newState(): State {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = {
    ...privateKey.export({ format: "jwk" }),
    kid: randomBytes(8).toString("hex"),
    use: "sig",
    alg: "ES256",
  };
  return { keys: [key], cookieKey: randomBytes(32).toString("hex"), records: {} };
}

/**
 * The state, written back with each change. All of it each time: right for a demo and for tests, where there are
 * few clients; a server for more people keeps such things in a database.
 */
function openState(file: string | undefined): { state: State; changed(): void } {
  const state = file && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as State) : newState();
  const changed = () => {
    const now = Date.now();
    for (const [key, { expiresAt }] of Object.entries(state.records)) {
      if (expiresAt !== undefined && expiresAt < now) delete state.records[key];
    }
    if (file) writeWhole(file, state);
  };
  // Keys that signed tokens must be known at the next start, even if no client ever registers.
  changed();
  return { state, changed };
}

function adapterOver(state: State, changed: () => void) {
  return class MemoryAdapter implements Adapter {
    readonly model: string;
    constructor(model: string) {
      this.model = model;
    }
    key(id: string): string {
      return `${this.model}:${id}`;
    }
    async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
      state.records[this.key(id)] = { payload, ...(expiresIn && { expiresAt: Date.now() + expiresIn * 1000 }) };
      changed();
    }
    async find(id: string): Promise<AdapterPayload | undefined> {
      const record = state.records[this.key(id)];
      return record && (record.expiresAt ?? Infinity) > Date.now() ? record.payload : undefined;
    }
    search(member: "uid" | "userCode", value: string): AdapterPayload | undefined {
      const entries = Object.entries(state.records).filter(([key]) => key.startsWith(`${this.model}:`));
      return entries.find(([, { payload }]) => payload[member] === value)?.[1].payload;
    }
    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return this.search("uid", uid);
    }
    async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
      return this.search("userCode", userCode);
    }
    async consume(id: string): Promise<void> {
      const record = state.records[this.key(id)];
      if (record) record.payload.consumed = Math.floor(Date.now() / 1000);
      changed();
    }
    async destroy(id: string): Promise<void> {
      delete state.records[this.key(id)];
      changed();
    }
    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, { payload }] of Object.entries(state.records)) {
        if (payload.grantId === grantId) delete state.records[key];
      }
      changed();
    }
  };
}

function configurationOf(settings: Settings, issuer: string): Configuration {
  const { state, changed } = openState(settings.stateFile);
  const { clientId, clientSecret } = settings.portalClient;
  const audience = `${issuer}/api`;
  return {
    adapter: adapterOver(state, changed),
    jwks: { keys: state.keys },
    cookies: { keys: [state.cookieKey] },
    scopes: ["openid", "offline_access", ...settings.scopes],
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
      },
    ],
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true, initialAccessToken: settings.initialAccessToken },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      // The library would let any confidential client ask about any token.
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientId === clientId || token.clientId === client.clientId,
      },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: settings.tokens === "jwt",
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          audience,
          scope: settings.scopes.join(" "),
          accessTokenFormat: "jwt",
          accessTokenTTL: 3600,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
    ttl: { ClientCredentials: 3600, AccessToken: 3600, RegistrationAccessToken: 3_650 * 86_400 },
  };
}

/** Starts to serve on loopback. */
export async function serveExternalKeyManager(input: ExternalKeyManagerSettings): Promise<{ issuer: string }> {
  const settings = settingsSchema.parse(input);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(settings.port, "127.0.0.1", resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, configurationOf(settings, issuer));
  const handle = provider.callback();
  server.on("request", (req, res) => void handle(req, res));
  process.once("SIGTERM", () => server.close(() => process.exit(0)));
  return { issuer };
}

const given = process.env["EXTERNAL_KEY_MANAGER"];
if (import.meta.main && given) {
  const { issuer } = await serveExternalKeyManager(JSON.parse(given) as ExternalKeyManagerSettings);
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
  // The parent holds the other end of standard input: when it is gone, this process has no reason to stay.
  process.stdin.on("end", () => process.exit(0)).resume();
}

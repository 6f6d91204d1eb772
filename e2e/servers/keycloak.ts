/**
 * A real Keycloak: the distribution from Maven Central, built once, then started with an empty database in
 * memory for each caller. Needs Java 17 or newer; Maven only the first time.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  findJava,
  hasMaven,
  javaEnvironment,
  makeOnce,
  runTool,
  startServerProcess,
  unpackArtifact,
  type Java,
} from "./java.ts";
import { freePort } from "./ports.ts";

/** Pinned, so that a run today and a run next year test the same server. */
const version = "26.7.3";
const oldestJava = 17;
const home = fileURLToPath(new URL(`../../.latchkey/keycloak/keycloak-${version}`, import.meta.url));
/** For a start that takes little: Java compiles once, and quickly, and takes no more memory than it must. */
const quickStartOptions =
  "-Xms64m -Xmx512m -XX:MetaspaceSize=96M -XX:MaxMetaspaceSize=320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

/** Why Keycloak cannot be had on this machine, in one sentence; null where it can. */
export function keycloakUnavailable(): string | null {
  if (!findJava(oldestJava)) return `No Java ${oldestJava} or newer was found, so Keycloak cannot run.`;
  if (!existsSync(join(home, "built")) && !hasMaven()) return "Maven was not found, so Keycloak cannot be downloaded.";
  return null;
}

/** Where no options are given, Keycloak sets its own. */
const environment = (java: Java, { quickStart } = { quickStart: true }) => ({
  ...javaEnvironment(java),
  JAVA_OPTS: quickStart ? quickStartOptions : "",
});

/** Downloads, unpacks and builds Keycloak unless that was done before. */
function prepare(java: Java): void {
  const env = environment(java);
  makeOnce(home, (workshop) => {
    unpackArtifact(`org.keycloak:keycloak-quarkus-dist:${version}:zip`, workshop, env);
    const unpacked = join(workshop, `keycloak-${version}`);
    // What is fixed at build time makes every later start several times faster.
    runTool("sh", [join(unpacked, "bin/kc.sh"), "build", "--db=dev-mem"], { env, cwd: workshop });
    mkdirSync(join(unpacked, "built"));
    return unpacked;
  });
}

export type Keycloak = {
  /** Scheme, host and port. */
  origin: string;
  /** host:port, as an allow-list names it. */
  address: string;
  realm: string;
  issuer: string;
  wellKnownUrl: string;
  /** The client that a portal connects with: view-clients and manage-clients, nothing more. */
  portalClient: { clientId: string; clientSecret: string };
  /** Calls the admin API as the realm's administrator; throws unless the answer is a success. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Makes a client by hand, as somebody would in the console. */
  createClient(
    client: { clientId: string } & Record<string, unknown>,
  ): Promise<{ clientId: string; clientSecret: string }>;
  /** Makes a person who can sign in to the realm. */
  createPerson(person: { username: string; email: string; password: string }): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Starts Keycloak on a free loopback port with one realm in it.
 *
 * @param options.realm its name; “shop” unless told otherwise
 * @param options.quickStart whether Java is set for a quick start, as it is unless told otherwise. Without it, Java is set as
 *   Keycloak itself does, which is what its speed has to be measured with
 * @throws {Error} with the last lines of its output where it does not become ready within seven minutes
 */
export async function startKeycloak({
  realm = "shop",
  quickStart = true,
}: { realm?: string; quickStart?: boolean } = {}): Promise<Keycloak> {
  const java = findJava(oldestJava);
  const reason = keycloakUnavailable();
  if (!java || reason) throw new Error(reason ?? "Keycloak cannot run here.");
  prepare(java);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const origin = `http://${address}`;
  const administrator = { username: "bootstrap", password: secret() };
  const started = launch(java, { port, origin, ...administrator, quickStart });
  try {
    await started.ready(`${origin}/realms/master/.well-known/openid-configuration`);
    return await furnish({ origin, address, realm, administrator, stop: started.stop });
  } catch (error) {
    await started.stop();
    throw error;
  }
}

const secret = () => randomBytes(24).toString("base64url");

type Launch = { port: number; origin: string; username: string; password: string; quickStart: boolean };

function launch(java: Java, { port, origin, username, password, quickStart }: Launch) {
  const args = [
    "start",
    "--optimized",
    "--cache=local",
    "--http-enabled=true",
    "--http-host=127.0.0.1",
    `--http-port=${port}`,
  ];
  const env = {
    ...environment(java, { quickStart }),
    KC_BOOTSTRAP_ADMIN_USERNAME: username,
    KC_BOOTSTRAP_ADMIN_PASSWORD: password,
  };
  const command = [join(home, "bin/kc.sh"), ...args, `--hostname=${origin}`, "--http-management-port=0"];
  return startServerProcess("Keycloak", "sh", command, { env, cwd: tmpdir() });
}

type Furnishing = {
  origin: string;
  address: string;
  realm: string;
  administrator: { username: string; password: string };
  stop(): Promise<void>;
};

async function furnish({ origin, address, realm, administrator, stop }: Furnishing): Promise<Keycloak> {
  const portalClient = { clientId: "latchkey", clientSecret: secret() };

  /** Admin tokens live a minute: each call takes a new one, which is slow and never stale. */
  async function call(method: string, url: string, body?: unknown): Promise<Response> {
    const form = { grant_type: "password", client_id: "admin-cli", ...administrator };
    const signIn = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    const { access_token: token } = (await signIn.json()) as { access_token: string };
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (response.ok) return response;
    throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  }

  async function admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = await (await call(method, `${origin}/admin/realms/${realm}${path}`, body)).text();
    return text === "" ? undefined : JSON.parse(text);
  }

  await call("POST", `${origin}/admin/realms`, realmOf(realm, portalClient));
  const issuer = `${origin}/realms/${realm}`;
  return {
    origin,
    address,
    realm,
    issuer,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    portalClient,
    admin,
    async createClient(client) {
      const clientSecret = secret();
      await admin("POST", "/clients", {
        publicClient: false,
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        secret: clientSecret,
        ...client,
      });
      return { clientId: client.clientId, clientSecret };
    },
    async createPerson({ username, email, password }) {
      await admin("POST", "/users", {
        username,
        email,
        firstName: username,
        lastName: "Example",
        emailVerified: true,
        enabled: true,
        credentials: [{ type: "password", value: password, temporary: false }],
      });
    },
    stop,
  };
}

/** The least that a portal needs: see connectors/keycloak/guide.md. */
function realmOf(realm: string, portalClient: Keycloak["portalClient"]) {
  return {
    realm,
    enabled: true,
    sslRequired: "none",
    clients: [
      {
        clientId: portalClient.clientId,
        secret: portalClient.clientSecret,
        publicClient: false,
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        directAccessGrantsEnabled: false,
      },
    ],
    users: [
      {
        username: `service-account-${portalClient.clientId}`,
        enabled: true,
        serviceAccountClientId: portalClient.clientId,
        clientRoles: { "realm-management": ["view-clients", "manage-clients"] },
      },
    ],
  };
}

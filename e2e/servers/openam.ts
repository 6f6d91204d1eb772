/**
 * A real OpenAM: the community's server from Maven Central in Tomcat, configured anew for each caller with an
 * embedded directory. It is the only AM that may be had without a licence. Needs Java 17 or newer; Maven only the
 * first time.
 */
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  findJava,
  hasMaven,
  javaEnvironment,
  makeOnce,
  startServerProcess,
  unpackArtifact,
  type Java,
} from "./java.ts";
import { freePort } from "./ports.ts";

/** Pinned, so that a run today and a run next year test the same server. */
const version = "16.0.5";
const tomcatVersion = "10.1.59";
const oldestJava = 17;
const home = fileURLToPath(
  new URL(`../../.latchkey/openam/openam-${version}-tomcat-${tomcatVersion}`, import.meta.url),
);
const tomcat = join(home, `apache-tomcat-${tomcatVersion}`);
const application = join(home, "openam");

/** Why OpenAM cannot be had on this machine, in one sentence; null where it can. */
export function openamUnavailable(): string | null {
  if (!findJava(oldestJava)) return `No Java ${oldestJava} or newer was found, so OpenAM cannot run.`;
  if (!existsSync(home) && !hasMaven()) return "Maven was not found, so OpenAM cannot be downloaded.";
  return null;
}

/** Downloads and unpacks OpenAM and Tomcat unless that was done before. */
function prepare(java: Java): void {
  const env = javaEnvironment(java);
  makeOnce(home, (workshop) => {
    unpackArtifact(`org.openidentityplatform.openam:openam-server:${version}:war`, join(workshop, "openam"), env);
    unpackArtifact(`org.apache.tomcat:tomcat:${tomcatVersion}:tar.gz`, workshop, env);
    return workshop;
  });
}

const secret = () => randomBytes(24).toString("base64url");

export type OpenamRealm = {
  issuer: string;
  wellKnownUrl: string;
  /** Makes a client by hand, as somebody would in the console. */
  createClient(): Promise<{ clientId: string; clientSecret: string }>;
  /** Makes a person who can sign in. */
  createPerson(): Promise<{ username: string; password: string }>;
};

export type Openam = {
  /** host:port, as an allow-list names it. */
  address: string;
  administrator: { username: string; password: string };
  /** Makes a realm whose OAuth2 provider issues JWTs signed with RS256, or opaque tokens. */
  createRealm(name: string, tokens: "signed" | "opaque"): Promise<OpenamRealm>;
  stop(): Promise<void>;
};

/**
 * Starts OpenAM on a free loopback port.
 *
 * @throws {Error} with the server's words where it does not become ready, or does not let itself be configured
 */
export async function startOpenam(): Promise<Openam> {
  const java = findJava(oldestJava);
  const reason = openamUnavailable();
  if (!java || reason) throw new Error(reason ?? "OpenAM cannot run here.");
  prepare(java);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const base = `http://${address}/openam`;
  const folder = mkdtempSync(join(tmpdir(), "latchkey-openam-"));
  const server = launch(java, folder, port);
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // Before it is configured, every page leads to the one that configures.
    await server.ready(`${base}/isAlive.jsp`, ({ status }) => status < 500);
    const administrator = { username: "amadmin", password: secret() };
    await configure(base, folder, administrator.password);
    return {
      address,
      administrator,
      createRealm: (name, tokens) => createRealm({ base, administrator, name, tokens }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function launch(java: Java, folder: string, port: number) {
  const conf = join(folder, "conf");
  for (const name of ["conf", "logs", "temp", "work"]) mkdirSync(join(folder, name));
  for (const name of ["web.xml", "logging.properties"]) copyFileSync(join(tomcat, "conf", name), join(conf, name));
  writeFileSync(join(conf, "server.xml"), serverXml(port));
  const exports = ["java.base/sun.security.x509=ALL-UNNAMED", "java.base/sun.security.tools.keytool=ALL-UNNAMED"];
  const args = [
    "-Xmx768m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    ...exports.flatMap((name) => ["--add-exports", name]),
    `-Dcatalina.home=${tomcat}`,
    `-Dcatalina.base=${folder}`,
    `-Djava.io.tmpdir=${join(folder, "temp")}`,
    // It keeps a pointer to its configuration in the home folder.
    `-Duser.home=${folder}`,
    `-Dcom.sun.identity.configuration.directory=${join(folder, "openam")}`,
    "-classpath",
    [join(tomcat, "bin/bootstrap.jar"), join(tomcat, "bin/tomcat-juli.jar")].join(":"),
    "org.apache.catalina.startup.Bootstrap",
    "start",
  ];
  const command = java.home ? join(java.home, "bin/java") : "java";
  return startServerProcess("OpenAM", command, args, { env: javaEnvironment(java), cwd: folder });
}

/** Looking through four hundred archives for pages and plug-ins takes half of the start, and finds none we need. */
function serverXml(port: number): string {
  return `<Server port="-1"><Service name="Catalina">
  <Connector port="${port}" address="127.0.0.1" protocol="HTTP/1.1" />
  <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="none" autoDeploy="false">
    <Context path="/openam" docBase="${application}">
      <JarScanner scanClassPath="false" scanManifest="false">
        <JarScanFilter tldSkip="*.jar" pluggabilitySkip="*.jar" />
      </JarScanner>
    </Context>
  </Host></Engine>
</Service></Server>
`;
}

async function configure(base: string, folder: string, password: string): Promise<void> {
  const { origin, hostname } = new URL(base);
  const [directoryPort, administrationPort, jmxPort] = [await freePort(), await freePort(), await freePort()];
  const policyAgentPassword = secret();
  const settings = {
    SERVER_URL: origin,
    DEPLOYMENT_URI: "/openam",
    BASE_DIR: join(folder, "openam"),
    COOKIE_DOMAIN: hostname,
    AM_ENC_KEY: secret(),
    ADMIN_PWD: password,
    ADMIN_CONFIRM_PWD: password,
    AMLDAPUSERPASSWD: policyAgentPassword,
    AMLDAPUSERPASSWD_CONFIRM: policyAgentPassword,
    locale: "en_US",
    PLATFORM_LOCALE: "en_US",
    acceptLicense: "true",
    DATA_STORE: "embedded",
    DIRECTORY_SSL: "SIMPLE",
    DIRECTORY_SERVER: "localhost",
    DIRECTORY_PORT: String(directoryPort),
    DIRECTORY_ADMIN_PORT: String(administrationPort),
    DIRECTORY_JMX_PORT: String(jmxPort),
    ROOT_SUFFIX: "dc=openam,dc=example",
    DS_DIRMGRDN: "cn=Directory Manager",
    DS_DIRMGRPASSWD: password,
  };
  const response = await fetch(`${base}/config/configurator`, { method: "POST", body: new URLSearchParams(settings) });
  const text = await response.text();
  if (!response.ok || !text.includes("Configuration complete")) {
    const words = text.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
    throw new Error(`OpenAM could not be configured: ${words.slice(0, 1000)}`);
  }
}

type RealmOptions = {
  base: string;
  administrator: Openam["administrator"];
  name: string;
  tokens: "signed" | "opaque";
};

async function createRealm({ base, administrator, name, tokens }: RealmOptions): Promise<OpenamRealm> {
  const issuer = `${base}/oauth2/realms/root/realms/${name}`;
  const inRealm = `/realms/root/realms/${name}`;

  const signIn = await fetch(`${base}/json/realms/root/authenticate`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept-api-version": "resource=2.0, protocol=1.0",
      "x-openam-username": administrator.username,
      "x-openam-password": administrator.password,
    },
    body: "{}",
  });
  const { tokenId } = (await signIn.json()) as { tokenId: string };

  async function create(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${base}/json${path}?_action=create`, {
      method: "POST",
      headers: { "content-type": "application/json", iPlanetDirectoryPro: tokenId },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Making ${path} answered ${response.status}: ${await response.text()}`);
  }

  async function createClient(): Promise<{ clientId: string; clientSecret: string }> {
    const made = { clientId: `by-hand-${crypto.randomUUID()}`, clientSecret: secret() };
    await create(`${inRealm}/agents/`, {
      username: made.clientId,
      userpassword: [made.clientSecret],
      AgentType: ["OAuth2Client"],
      "com.forgerock.openam.oauth2provider.clientType": ["Confidential"],
    });
    return made;
  }

  await create("/realms/root/global-config/realms", { name, parentPath: "/", active: true, aliases: [] });
  await create(`${inRealm}/realm-config/services/oauth-oidc`, {
    coreOAuth2Config: { statelessTokensEnabled: tokens === "signed" },
    advancedOAuth2Config: { tokenSigningAlgorithm: "RS256" },
  });
  // A new realm takes clients by its newer API only when it holds one already.
  await createClient();
  return {
    issuer,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    createClient,
    async createPerson() {
      const person = { username: `person-${randomBytes(4).toString("hex")}`, password: secret() };
      const body = {
        username: person.username,
        userpassword: person.password,
        mail: `${person.username}@shop.example`,
      };
      await create(`${inRealm}/users`, body);
      return person;
    },
  };
}

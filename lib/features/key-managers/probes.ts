/** The rungs of the connection test. Each says what it found, how long it took, and what to do about it. */
import { z } from "zod";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import type { Connector, KeyManagerAdapter, ProbeResult, SigningKeys } from "#lib/connector-kit/contract.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { discover, type Discovery } from "#lib/protocol/discovery.ts";
import { budgets, exchange } from "#lib/protocol/exchange.ts";
import { scrub } from "#lib/protocol/reason.ts";
import type { Dependencies } from "../context.ts";
import { describeConnectorError } from "./connector-errors.ts";
import { isSimulator } from "./simulated.ts";
import { verificationKeyProblem } from "./verification-keys.ts";

type Tools = Pick<Dependencies, "outbound" | "clock">;
type Finding = Omit<ProbeResult, "step" | "durationMs">;

export type ProbedServer = {
  issuer: string;
  wellKnownUrl: string | null;
  signingKeys: SigningKeys;
  connector: Connector;
};

/** `simulated` is undefined where no discovery document was read. */
export type ServerProbe = { results: ProbeResult[]; simulated: boolean | undefined };

/** Discovery, issuer and key set: what anybody may ask the server, without credentials. */
export async function probeServer(tools: Tools, server: ProbedServer): Promise<ServerProbe> {
  const [discovery, found] = await timed(tools, "discovery", () => probeDiscovery(tools, server));
  const [issuer] = await timed(tools, "issuer", () => Promise.resolve([compareIssuer(server, found), undefined]));
  const [keys] = await timed(tools, "keys", async () => [await probeKeys(tools, server, found), undefined]);
  return { results: [discovery, issuer, keys], simulated: found && isSimulator(found) };
}

/**
 * Signs in with the administrator's credentials and looks at what they allow.
 *
 * @param secrets removed from whatever the server says
 */
export async function probeAccess(
  tools: Tools,
  adapter: KeyManagerAdapter,
  secrets: readonly Secret[],
): Promise<ProbeResult[]> {
  const began = tools.clock.now().getTime();
  const findings = await signIn(adapter);
  const durationMs = tools.clock.now().getTime() - began;
  // The adapter makes these steps in one go; the time of all of them stands at the first.
  return findings.map((finding, index) => ({
    ...finding,
    ...scrubbed(finding, secrets),
    durationMs: index === 0 ? durationMs : 0,
  }));
}

function scrubbed({ summary, detail }: Finding, secrets: readonly Secret[]) {
  return { summary: scrub(summary, secrets), ...(detail === undefined ? {} : { detail: scrub(detail, secrets) }) };
}

async function signIn(adapter: KeyManagerAdapter): Promise<Omit<ProbeResult, "durationMs">[]> {
  if (!adapter.checkAccess) {
    const summary = "This kind of key manager can only be proved by generating keys.";
    return [{ step: "sign_in", status: "skipped", summary }];
  }
  try {
    return await adapter.checkAccess();
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return [
      {
        step: "sign_in",
        status: "failed",
        summary: error.message,
        ...(error.reason === undefined ? {} : { detail: `The server said: “${error.reason}”` }),
        fix: signInFixes[error.kind] ?? describeConnectorError(error, "The server"),
      },
    ];
  }
}

const signInFixes: Partial<Record<string, string>> = {
  credentials_refused: "Check the client id and the secret, and that the client may sign in with them.",
  unreachable: "Check that the server runs and that its endpoints are right.",
  misconfigured: "Check the endpoints and the fields of administrator access.",
  rate_limited: "Wait a moment, then test again.",
};

async function probeDiscovery(tools: Tools, server: ProbedServer): Promise<[Finding, Discovery | undefined]> {
  try {
    const found = await discover(tools.outbound, server.wellKnownUrl ?? server.issuer);
    const summary = `The server describes itself at ${found.sourceUrl}.`;
    const detail = isSimulator(found) ? { detail: "It says that it is a simulator." } : {};
    return [{ status: "passed", summary, ...detail }, found];
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    const finding: Finding = server.wellKnownUrl
      ? { status: "failed", summary: error.message, fix: "Check the well-known address, or leave it blank." }
      : {
          status: "warning",
          summary: "The server publishes no discovery document under its issuer.",
          detail: error.message,
          fix: "Nothing has to be done where all endpoints were entered by hand.",
        };
    return [finding, undefined];
  }
}

function compareIssuer({ issuer }: ProbedServer, found: Discovery | undefined): Finding {
  if (!found) return { status: "skipped", summary: "Without a discovery document there is nothing to compare with." };
  if (found.metadata.issuer === issuer) return { status: "passed", summary: `The server calls itself ${issuer}.` };
  return {
    status: "failed",
    summary: `The server calls itself ${found.metadata.issuer}, but the key manager expects ${issuer}.`,
    fix: "Use the server's own spelling, character by character; otherwise every token is refused.",
  };
}

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string(), use: z.string().optional() })).max(200) });

async function probeKeys(tools: Tools, server: ProbedServer, found: Discovery | undefined): Promise<Finding> {
  const { signingKeys } = server;
  if (signingKeys.kind === "none") {
    return { status: "skipped", summary: "No signing keys are set: tokens are checked by introspection." };
  }
  if (signingKeys.kind === "pem") {
    const problem = verificationKeyProblem(signingKeys);
    if (problem) return { status: "failed", summary: problem.message };
    return { status: "passed", summary: "The pasted key can check signatures.", detail: elsewhere(found, undefined) };
  }
  try {
    return await readKeySet(tools, signingKeys.url, found);
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return { status: "failed", summary: error.message, fix: `Check the address of the key set, ${signingKeys.url}.` };
  }
}

async function readKeySet(tools: Tools, url: string, found: Discovery | undefined): Promise<Finding> {
  const answer = await exchange(tools.outbound, url, budgets.discovery);
  const fix = `Check the address of the key set, ${url}.`;
  if (answer.status !== 200) {
    return {
      status: "failed",
      summary: `The key set could not be read: the server answered ${String(answer.status)}.`,
      fix,
    };
  }
  const parsed = keySet.safeParse(answer.json);
  if (!parsed.success) return { status: "failed", summary: "What stands at the key set's address is no key set.", fix };
  const signing = parsed.data.keys.filter(({ kty, use }) => kty !== "oct" && use !== "enc");
  if (signing.length === 0) {
    return { status: "failed", summary: "The key set holds no key that signs tokens.", fix };
  }
  const count = signing.length === 1 ? "one signing key" : `${String(signing.length)} signing keys`;
  const published = found?.metadata.jwks_uri;
  if (published !== undefined && published !== url) {
    return {
      status: "warning",
      summary: `The key set holds ${count}, but the server itself names another address.`,
      detail: elsewhere(found, url),
      fix: "Take the server's address unless you have a reason not to.",
    };
  }
  return { status: "passed", summary: `The key set holds ${count}.` };
}

function elsewhere(found: Discovery | undefined, url: string | undefined): string {
  const published = found?.metadata.jwks_uri;
  if (published === undefined || published === url) return "";
  return `The server publishes its key set at ${published}.`;
}

async function timed<T>(
  { clock }: Tools,
  step: ProbeResult["step"],
  work: () => Promise<[Finding, T]>,
): Promise<[ProbeResult, T]> {
  const began = clock.now().getTime();
  const [{ detail, ...finding }, value] = await work();
  const durationMs = clock.now().getTime() - began;
  return [{ step, ...finding, ...(detail ? { detail: scrub(detail) } : {}), durationMs }, value];
}

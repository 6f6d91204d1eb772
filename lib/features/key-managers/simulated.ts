/** Whether an authorization server is a simulator: its discovery document says so, and nothing else counts. */
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { simulatorMark } from "#lib/connector-kit/simulation-mark.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import { discover, type Discovery } from "#lib/protocol/discovery.ts";
import { actorId, type InstallationCaller } from "../context.ts";

/** True where a discovery document carries the mark of simulators. */
export function isSimulator({ document }: Pick<Discovery, "document">): boolean {
  return Object.entries(simulatorMark).every(([member, value]) => document[member] === value);
}

type Whereabouts = { wellKnownUrl: string | null; issuer: string };

/**
 * Reads the discovery document of a server for its mark. No transaction may be open.
 *
 * @returns false also where nothing can be read now: a test of the connection finds out later
 */
export async function seemsSimulated(
  { deps, actor }: InstallationCaller,
  { wellKnownUrl, issuer }: Whereabouts,
): Promise<boolean> {
  try {
    await deps.probeLimiter.admit("discovery", actorId(actor) ?? actor.name);
    return isSimulator(await discover(deps.outbound, wellKnownUrl ?? issuer));
  } catch (error) {
    if (isConnectorError(error) || isAppError(error)) return false;
    throw error;
  }
}

/** The same for an edit: asks only where the address is another one. */
export async function seemsSimulatedStill(
  caller: InstallationCaller,
  before: Whereabouts & { simulated: boolean },
  after: Whereabouts,
): Promise<boolean> {
  const isSame = before.issuer === after.issuer && before.wellKnownUrl === after.wellKnownUrl;
  return isSame ? before.simulated : seemsSimulated(caller, after);
}

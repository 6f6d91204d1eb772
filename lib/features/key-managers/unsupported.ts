import { findConnector } from "#connectors/registry.ts";
import type { Capability, PresetPart } from "#lib/connector-kit/contract.ts";
import { AppError } from "#lib/foundation/errors.ts";

/** Says that somebody cannot do something, with the reason that the connector declares. */
export function notSupported(name: string, reason: string | undefined): string {
  return reason === undefined ? `Not supported by ${name}.` : `Not supported by ${name}: ${reason}`;
}

/**
 * The refusal of whatever needs a capability that a key manager lacks, or a choice that it does not leave.
 *
 * @returns `key_manager.unsupported`
 */
export function unsupported(
  { displayName, connectorId }: { displayName: string; connectorId: string },
  capability: Capability | PresetPart,
): AppError {
  const reason = findConnector(connectorId)?.missing[capability];
  return new AppError("key_manager.unsupported", { message: notSupported(displayName, reason) });
}

/** A client whose identity somebody chose: what connectors share that let it be chosen. */
import type { ClientSpec, CredentialForm } from "./contract.ts";
import { ConnectorError, isConnectorError } from "./errors.ts";

/** Printable characters without surrounding blanks, as RFC 6749 appendix A.2 has client secrets; 16 are the least. */
export function printableSecret(maximum: number): CredentialForm {
  return {
    pattern: `[\\x21-\\x7e][\\x20-\\x7e]{14,${String(maximum - 2)}}[\\x21-\\x7e]`,
    words: `16 to ${String(maximum)} printable characters`,
  };
}

/**
 * Refuses a chosen secret that the client would have no use for.
 *
 * @param usesSecret whether a client with the asked-for settings authenticates with a secret
 * @throws {ConnectorError} `rejected`
 */
export function refuseIdleSecret({ consumerSecret }: Pick<ClientSpec, "consumerSecret">, usesSecret: boolean): void {
  if (!consumerSecret || usesSecret) return;
  throw new ConnectorError(
    "rejected",
    "A client that authenticates without a secret cannot have one of your own. Leave the secret empty, or choose another authentication.",
  );
}

/**
 * Tells why a server that has no status of its own for it refused a client: because its chosen key is taken, or for
 * another reason.
 *
 * @param isTaken asks the server whether it has a client with this key
 * @returns `conflict` where it has, otherwise the error as it was
 */
export async function toldFromTaken(
  error: unknown,
  { consumerKey }: Pick<ClientSpec, "consumerKey">,
  isTaken: (consumerKey: string) => Promise<boolean>,
): Promise<unknown> {
  if (consumerKey === undefined || !isConnectorError(error) || error.kind !== "rejected") return error;
  try {
    if (!(await isTaken(consumerKey))) return error;
  } catch (failure) {
    // Its refusal is certain, whatever became of the second question.
    if (isConnectorError(failure)) return error;
    throw failure;
  }
  const { status, reason } = error;
  return new ConnectorError("conflict", "The server has a client with this consumer key already.", {
    ...(status !== undefined && { status }),
    ...(reason !== undefined && { reason }),
    cause: error,
  });
}

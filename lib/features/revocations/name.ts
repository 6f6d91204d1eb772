import type { Connector } from "#lib/connector-kit/contract.ts";
import { ownServer } from "#lib/data/revocations.ts";

/** Under which name the revocations of a key manager stand: the tenant's own server writes its own without an id. */
export function revocationName(keyManagerId: string, connector: Pick<Connector, "permanent"> | undefined): string {
  return connector?.permanent === undefined ? keyManagerId : ownServer;
}

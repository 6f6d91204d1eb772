import { expect, it } from "vitest";
import { connectors } from "#connectors/registry.ts";
import type { KeyManagerSummary } from "#lib/data/key-managers.ts";
import { toUsable } from "./views.ts";

it.each(connectors.map((connector) => [connector.id, connector] as const))(
  "%s offers every grant type of its kind where the administrator chose none",
  (connectorId, connector) => {
    const summary = { connectorId, grantTypes: [], endpoints: {}, constraints: {}, tokenType: "DIRECT" };
    const chosen = { ...summary, grantTypes: ["client_credentials"] };
    expect(toUsable(summary as unknown as KeyManagerSummary)?.grantTypes).toEqual([...connector.grantTypes]);
    expect(toUsable(chosen as unknown as KeyManagerSummary)?.grantTypes).toEqual(["client_credentials"]);
  },
);

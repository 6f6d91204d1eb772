import { z } from "zod";
import { allConnectors } from "#connectors/registry.ts";
import { defineOperatorInquiry, defineQuery } from "../verb.ts";
import type { ConnectorView } from "./contract.ts";
import { toConnectorView } from "./views.ts";

/** The kinds of key managers that may be added, with everything their forms need. */
export const listConnectors = defineQuery({
  action: "key_manager.list_connectors",
  permission: "key_manager:read",
  input: z.strictObject({}),
  run: (): Promise<ConnectorView[]> => addableConnectors(),
});

/** The same for an operator, who adds key managers of the installation. */
export const listConnectorsAsOperator = defineOperatorInquiry({
  action: "global_key_manager.list_connectors",
  input: z.strictObject({}),
  run: (): Promise<ConnectorView[]> => addableConnectors(),
});

function addableConnectors(): Promise<ConnectorView[]> {
  return Promise.all(
    allConnectors()
      .filter(({ permanent }) => permanent === undefined)
      .map(toConnectorView),
  );
}

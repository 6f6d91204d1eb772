import { z } from "zod";
import { connectors } from "#connectors/registry.ts";
import { defineQuery } from "../verb.ts";
import type { ConnectorView } from "./contract.ts";
import { toConnectorView } from "./views.ts";

/** The kinds of key managers that may be added, with everything their forms need. */
export const listConnectors = defineQuery({
  action: "key_manager.list_connectors",
  permission: "key_manager:read",
  input: z.strictObject({}),
  run: (): Promise<ConnectorView[]> =>
    Promise.all(connectors.filter(({ permanent }) => permanent === undefined).map(toConnectorView)),
});

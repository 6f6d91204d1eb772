/** Every kind of authorization server that Latchkey knows. A new vendor is a new folder and one line here. */
import type { Connector } from "#lib/connector-kit/contract.ts";
import { auth0 } from "./auth0/index.ts";
import { builtIn } from "./built-in/index.ts";
import { forgerock } from "./forgerock/index.ts";
import { keycloak } from "./keycloak/index.ts";
import { oidc } from "./oidc/index.ts";
import { okta } from "./okta/index.ts";
import { pingFederate } from "./pingfederate/index.ts";
import { wso2is } from "./wso2is/index.ts";
import { wso2is7 } from "./wso2is7/index.ts";

export const connectors: readonly Connector[] = [
  builtIn,
  auth0,
  forgerock,
  keycloak,
  oidc,
  okta,
  pingFederate,
  wso2is,
  wso2is7,
];

/** The connector of this id, or undefined. */
export function findConnector(id: string): Connector | undefined {
  return connectors.find((connector) => connector.id === id);
}

/** Every kind of authorization server that Latchkey knows. A new vendor is a new folder and one line here. */
import type { Connector } from "#lib/connector-kit/contract.ts";
import { auth0 } from "./auth0/index.ts";
import { builtIn } from "./built-in/index.ts";
import { custom } from "./custom/index.ts";
import { entra } from "./entra/index.ts";
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
  entra,
  forgerock,
  keycloak,
  oidc,
  custom,
  okta,
  pingFederate,
  wso2is,
  wso2is7,
];

/** Connectors that the operator of this installation brought along; see lib/runtime/own-connectors.ts. */
const place = Symbol.for("latchkey.connectors");
type Holder = { [place]?: readonly Connector[] };

/**
 * Adds connectors of the operator's own, for every copy of this module in the process.
 *
 * @throws {Error} where two have one id
 */
export function bringConnectors(brought: readonly Connector[]): void {
  const ids = [...connectors, ...brought].map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`Two connectors have the id “${twice}”. Give yours another.`);
  (globalThis as Holder)[place] = brought;
}

/** Those above, and those that were brought along. */
export function allConnectors(): readonly Connector[] {
  return [...connectors, ...((globalThis as Holder)[place] ?? [])];
}

/** The connector of this id, or undefined. */
export function findConnector(id: string): Connector | undefined {
  return allConnectors().find((connector) => connector.id === id);
}

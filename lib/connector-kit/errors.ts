/** The errors of the kit. They are defined in the foundation because lib/protocol, which the kit uses, throws them too. */
export {
  ConnectorError,
  explained,
  isConnectorError,
  restated,
  withCredentials,
  type ConnectorErrorKind,
  type ConnectorErrorOptions,
  type ReplacedCredentials,
} from "#lib/foundation/connector-error.ts";

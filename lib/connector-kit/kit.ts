/** Everything that a connector outside this tree is built from, handed to it: it needs no import of ours. */
import { z } from "zod";
import { Secret } from "#lib/foundation/secret.ts";
import { exchange } from "#lib/protocol/exchange.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import { clientCredentialsToken, exchangedToken, proveClientCredentials } from "#lib/protocol/token.ts";
import { openAdministration, throughReplicationLag, unlessAbsent } from "./administration.ts";
import type { Connector } from "./contract.ts";
import { defineConnector } from "./define-connector.ts";
import { ConnectorError, isConnectorError } from "./errors.ts";
import { field } from "./fields.ts";
import { probe } from "./probe.ts";
import { basicAuthorization, bearerSession, credentialsOf, secretsOfSignIn, signInBranches } from "./sign-in.ts";
import { openStandardAdapter } from "./standard-adapter.ts";

export const kit = {
  // Declaring
  z,
  field,
  signInBranches,
  defineConnector,
  // Speaking to the server
  openAdministration,
  openStandardAdapter,
  bearerSession,
  basicAuthorization,
  credentialsOf,
  secretsOfSignIn,
  clientCredentialsToken,
  exchangedToken,
  proveClientCredentials,
  introspect,
  revoke,
  exchange,
  unlessAbsent,
  throughReplicationLag,
  probe,
  Secret,
  ConnectorError,
  isConnectorError,
} as const;
export type Kit = typeof kit;

/** What a module exports as its default. */
export type ConnectorModule = (kit: Kit) => Connector;

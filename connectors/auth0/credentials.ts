/** Keys and certificates of clients that authenticate without a secret (Management API v2, client credentials). */
import { createHash } from "node:crypto";
import type { Administration } from "#lib/connector-kit/administration.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { ClientSettings } from "./config.ts";
import { credentialList, credentialObject, keyMethods, type ClientObject, type KeyMethod } from "./wire.ts";

type Authentication = ClientSettings["authentication"];

/** By this we know a credential again: Auth0 does not give the key back. */
const namePrefix = "latchkey ";

type Credential = Record<string, string>;

function materialOf(authentication: Authentication): Credential | undefined {
  switch (authentication.method) {
    case "private_key_jwt": {
      const { publicKey: pem, algorithm: alg } = authentication;
      return pem ? { credential_type: "public_key", pem, alg } : undefined;
    }
    case "tls_client_auth": {
      const { subjectName } = authentication;
      return subjectName ? { credential_type: "cert_subject_dn", subject_dn: subjectName } : undefined;
    }
    case "self_signed_tls_client_auth": {
      const { certificate: pem } = authentication;
      return pem ? { credential_type: "x509_cert", pem } : undefined;
    }
    default:
      return undefined;
  }
}

function credentialOf(authentication: Authentication): Credential | undefined {
  const material = materialOf(authentication);
  if (!material) return undefined;
  const digest = createHash("sha256").update(JSON.stringify(material)).digest("base64url");
  return { ...material, name: `${namePrefix}${digest.slice(0, 22)}` };
}

function isKeyMethod(method: string): method is KeyMethod {
  return (keyMethods as readonly string[]).includes(method);
}

const needed: Record<KeyMethod, string> = {
  private_key_jwt: "Fill in “Public key”: Auth0 has none for this client.",
  tls_client_auth: "Fill in “Subject of the certificate”: Auth0 has none for this client.",
  self_signed_tls_client_auth: "Fill in “Certificate”: Auth0 has none for this client.",
};

/**
 * Members of a new client for how it authenticates. Auth0 takes keys along with the client that they belong to.
 *
 * @throws {ConnectorError} `rejected` where the key is missing
 */
export function authenticationMembers(authentication: Authentication): Record<string, unknown> {
  const { method } = authentication;
  if (!isKeyMethod(method)) return { token_endpoint_auth_method: method };
  const credential = credentialOf(authentication);
  if (!credential) throw new ConnectorError("rejected", needed[method]);
  return { client_authentication_methods: { [method]: { credentials: [credential] } } };
}

/** How the authentication of a client is about to change. */
export type AuthenticationChange = {
  /** Members to send with the update. */
  members: Record<string, unknown>;
  /** Takes back what was made for an update that failed. */
  undo(): Promise<void>;
  /** Removes keys of ours that are used no more, after the update. */
  finish(): Promise<void>;
};

/**
 * Prepares a client's authentication for an update: an existing client takes keys by the ids of credentials, which
 * are made first.
 *
 * @param before the client as Auth0 holds it
 * @throws {ConnectorError} `rejected` where a key is needed and there is none
 */
export async function changeAuthentication(
  administration: Administration,
  before: ClientObject,
  authentication: Authentication,
): Promise<AuthenticationChange> {
  const path = `/clients/${encodeURIComponent(before.client_id)}/credentials`;
  const { method } = authentication;
  const credential = credentialOf(authentication);
  const hadKeys = Object.values(before.client_authentication_methods ?? {}).some(Boolean);

  async function ours() {
    const request = { method: "GET", path, doing: "Listing the client's keys" } as const;
    const all = await administration.read(request, credentialList);
    return all.filter(({ name }) => name?.startsWith(namePrefix));
  }

  async function remove(id: string): Promise<void> {
    const doing = "Removing a key of the client";
    await administration.run({ method: "DELETE", path: `${path}/${encodeURIComponent(id)}`, doing });
  }

  async function removeUnused(keep?: string): Promise<void> {
    for (const { id } of await ours()) if (id !== keep) await remove(id);
  }

  const nothing = () => Promise.resolve();
  if (!isKeyMethod(method)) {
    const members = {
      token_endpoint_auth_method: method,
      // Only one of the two may be set.
      ...(before.client_authentication_methods && { client_authentication_methods: null }),
    };
    return { members, undo: nothing, finish: hadKeys ? () => removeUnused() : nothing };
  }
  if (!credential) {
    if (before.client_authentication_methods?.[method]) return { members: {}, undo: nothing, finish: nothing };
    throw new ConnectorError("rejected", needed[method]);
  }
  const known = (await ours()).find(({ name }) => name === credential["name"]);
  const doing = "Adding a key to the client";
  const { id } =
    known ?? (await administration.read({ method: "POST", path, body: credential, doing }, credentialObject));
  return {
    members: {
      token_endpoint_auth_method: null,
      client_authentication_methods: { [method]: { credentials: [{ id }] } },
    },
    undo: () => (known ? Promise.resolve() : remove(id)),
    finish: () => removeUnused(id),
  };
}

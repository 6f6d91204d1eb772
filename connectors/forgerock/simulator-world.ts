/** What a simulated AM keeps: clients, its provider, sessions and tokens, and a clock that can be moved. */
import { createHash, generateKeyPairSync, randomUUID, type JsonWebKey } from "node:crypto";
import { exportJWK } from "jose";
import { randomToken } from "#lib/foundation/ids.ts";
import { clientTemplate, providerTemplate } from "./simulator-template.ts";

export type Json = Record<string, unknown>;
/** Attributes by group, unwrapped. */
export type Groups = Record<string, Json>;
export type Client = {
  id: string;
  groups: Groups;
  secret: string | null;
  /** Stands in for what AM would read at the client's key set address. */
  keys: JsonWebKey[];
};
export type Token = {
  clientId: string;
  subject: string;
  scopes: string[];
  expiresAt: number;
  name: "access_token" | "refresh_token";
  grantType: string;
};

/** One pair for all: making it takes longer than anything else here, and nobody compares realms by it. */
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const signingKey = privateKey;

/** AM's key ids are digests in base64, padding and all. */
export async function publicSigningKey(): Promise<JsonWebKey & { kid: string }> {
  const jwk = await exportJWK(publicKey);
  const kid = createHash("sha1").update(String(jwk["n"])).digest("base64");
  return { ...jwk, kid, alg: "RS256", use: "sig" };
}

export type WorldOptions = {
  /** Whether an administrator must show a second factor in the realm's default journey. */
  secondFactor?: boolean;
  cookieName?: string;
  /** Where the REST API answers, if not with the issuer. */
  adminBase?: string;
};

export type World = ReturnType<typeof createWorld>;

/** Begins with an empty realm. */
export function createWorld(origin: string, options: WorldOptions = {}) {
  const base = `${origin}/am`;
  const clients = new Map<string, Client>();
  const tokens = new Map<string, Token>();
  /** Session tokens of administrators, and when each ends for want of use. */
  const sessions = new Map<string, number>();
  const canaries: string[] = [];
  let offsetSeconds = 0;

  const newSecret = () => keep(`canary-${randomToken(24)}`);
  function keep(secret: string): string {
    if (!canaries.includes(secret)) canaries.push(secret);
    return secret;
  }

  const administrator = { username: "latchkey-admin", password: newSecret() };
  const account = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const serviceAccount = {
    id: randomUUID(),
    scopes: ["fr:am:*"],
    privateJwk: keep(JSON.stringify(account.privateKey.export({ format: "jwk" }))),
    publicKey: account.publicKey,
  };

  return {
    origin,
    base,
    adminBase: options.adminBase ?? base,
    realmPath: "/realms/root/realms/alpha",
    issuer: `${base}/oauth2/realms/root/realms/alpha`,
    cookieName: options.cookieName ?? "iPlanetDirectoryPro",
    secondFactor: options.secondFactor ?? false,
    clients,
    tokens,
    sessions,
    canaries,
    keep,
    newSecret,
    administrator,
    serviceAccount,
    provider: structuredClone(providerTemplate) as Groups,
    now: () => Math.floor(Date.now() / 1000) + offsetSeconds,
    pass: (seconds: number) => void (offsetSeconds += seconds),
    /** A client that somebody made by hand: confidential and for machines, unless told otherwise. */
    addClient(
      changes: { id?: string; core?: Json; advanced?: Json; keys?: JsonWebKey[] } = {},
    ): Client & { secret: string } {
      const groups = structuredClone(clientTemplate) as unknown as Groups;
      Object.assign(
        groups["coreOAuth2ClientConfig"] ?? {},
        { scopes: ["default"], defaultScopes: ["default"] },
        changes.core,
      );
      Object.assign(
        groups["advancedOAuth2ClientConfig"] ?? {},
        { grantTypes: ["client_credentials"] },
        changes.advanced,
      );
      const client = {
        id: changes.id ?? `by-hand-${randomUUID()}`,
        groups,
        secret: newSecret(),
        keys: changes.keys ?? [],
      };
      clients.set(client.id, client);
      return client;
    },
  };
}

/** An attribute of a client, or undefined. */
export function attribute(client: Client, name: string): unknown {
  return Object.values(client.groups).find((group) => name in group)?.[name];
}

/** A list of a client. */
export function listOf(client: Client, name: string): string[] {
  const value = attribute(client, name);
  return Array.isArray(value) ? (value as string[]) : [];
}

/** Names of scopes in a list whose entries read `name|language|text`. */
export function scopeNames(entries: readonly string[]): string[] {
  return [...new Set(entries.map((entry) => entry.split("|", 1)[0] ?? ""))].filter(Boolean);
}

import { expect, it } from "vitest";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { readJwt, type ReadJwt } from "#lib/token-validation/compact-token.ts";
import { defaultKeySetLimits, KeySetStore } from "#lib/token-validation/key-set-store.ts";
import { verifyToken } from "#lib/token-validation/signature.ts";
import { tokenKinds, type ClientRef } from "../contract.ts";
import type { Bench } from "./bench.ts";

/** Verifies a token as the validation plane would, with what the connector declares. */
function verify({ connector, vendor }: Bench, jwt: ReadJwt) {
  const { issuer, signingKeys } = vendor.settings;
  const keySets = new KeySetStore({
    fetchKeySet: async (url): Promise<unknown> => (await vendor.fetch(url)).json(),
    clock: systemClock,
    log: silentLog,
    limits: defaultKeySetLimits,
  });
  const anchor = {
    ...connector.trust,
    keyManagerId: "conformance",
    name: connector.name,
    issuer,
    enabled: true,
    validation: "SELF" as const,
    signingKeys,
    consumerKeyClaim: null,
    claimMappings: [],
    scopesClaimChosen: false,
    handling: { kind: "NONE" as const },
    revocationName: "",
    fingerprint: "conformance",
  };
  // A simulator's time may have been moved on by another test: the token is looked at when it was made.
  const now = new Date(Number(jwt.claims["iat"] ?? 0) * 1000);
  return verifyToken(jwt, { anchor, keySets, now, skewSeconds: 60 });
}

/** Tokens: issued, seen, revoked, trusted; and clients that prove themselves. */
export function checkTokens(bench: Bench): void {
  it("issues a token, sees it live and sees it dead, if it says it can", async () => {
    if (!bench.adapter.issueToken) return;
    const made = await bench.newClient();
    const token = await bench.adapter.issueToken(made.ref, { scopes: [] });
    expect(token.accessToken.reveal().length).toBeGreaterThan(15);
    expect(token.expiresInSeconds).toBeGreaterThan(0);
    const found = await bench.adapter.introspectToken?.(token.accessToken);
    if (found) expect(found).toMatchObject({ active: true, consumerKey: made.ref.consumerKey });
    if (found?.active) {
      const { introspectedMembers = [] } = bench.connector.trust;
      expect(Object.keys(found.claims)).toEqual(expect.arrayContaining([...introspectedMembers]));
    }
    const { revokeToken } = bench.adapter;
    const { cannotRevoke = {} } = bench.connector;
    if (revokeToken && cannotRevoke.access_token === undefined) {
      await revokeToken(made.ref, token.accessToken, "access_token");
      const seen = await bench.adapter.introspectToken?.(token.accessToken);
      if (seen) expect(seen).toEqual({ active: false });
    }
    if (bench.adapter.introspectToken) {
      expect(await bench.adapter.introspectToken(new Secret("nobody-issued-this"))).toEqual({ active: false });
    }
    // A server may refuse a scope it does not know, or leave it out (RFC 6749 §3.3).
    expect(["rejected", "answered"]).toContain(
      await bench.kindOf(bench.adapter.issueToken(made.ref, { scopes: ["no-such-scope"] })),
    );
    await bench.release(made.ref);
  });

  it("ends a token that is over already, and refuses a kind of which it says that it cannot, if it revokes", async () => {
    const { revokeToken } = bench.adapter;
    if (!revokeToken) return;
    const { ref } = await bench.newClient();
    for (const kind of tokenKinds) {
      const outcome = await bench.kindOf(revokeToken(ref, new Secret("nobody-issued-this"), kind));
      expect(outcome).toBe(bench.connector.cannotRevoke?.[kind] === undefined ? "answered" : "unsupported");
    }
    await bench.release(ref);
  });

  it("accepts the owner of a client made by hand and nobody else, if it says it can", async () => {
    if (!bench.adapter.proveClient) return;
    const { clientId, clientSecret } = await bench.vendor.createClient();
    const ref: ClientRef = { consumerKey: clientId, consumerSecret: new Secret(clientSecret) };
    expect((await bench.adapter.proveClient(ref)).ref.consumerKey).toBe(clientId);
    const wrong = { ...ref, consumerSecret: new Secret(`${clientSecret}x`) };
    expect(await bench.kindOf(bench.adapter.proveClient(wrong))).toBe("credentials_refused");
    const unknown = { ...ref, consumerKey: `${clientId}-unknown` };
    expect(["credentials_refused", "not_found"]).toContain(await bench.kindOf(bench.adapter.proveClient(unknown)));
    expect(["credentials_refused", "unsupported"]).toContain(
      await bench.kindOf(bench.adapter.proveClient({ consumerKey: clientId })),
    );
  });

  it("declares trust under which a token of its own is accepted, and nobody else's", async () => {
    const { issueToken } = bench.adapter;
    const { signingKeys } = bench.vendor.settings;
    if (!issueToken || signingKeys.kind === "none") return;
    const made = await bench.newClient();
    const token = (await issueToken(made.ref, { scopes: [] })).accessToken.reveal();
    const jwt = readJwt(token);
    if (jwt) {
      expect(await verify(bench, jwt)).toMatchObject({ facts: { consumerKey: made.ref.consumerKey } });
      const [head, payload, signature = ""] = token.split(".");
      // One letter in the middle is another: still well-formed, and nobody's signature.
      const forged = [head, payload, signature.replace(/(?<=^.{10})./, (letter) => (letter === "A" ? "B" : "A"))].join(
        ".",
      );
      // Read anew: what was read of the true one holds its signature.
      const readForged = readJwt(forged);
      if (!readForged) throw new Error("A forged token reads like the true one.");
      expect(await verify(bench, readForged)).toMatchObject({ allowed: false, reason: "signature_invalid" });
    }
    await bench.release(made.ref);
  });
}

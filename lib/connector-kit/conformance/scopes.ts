import { expect, it } from "vitest";
import { isConnectorError } from "../errors.ts";
import type { Bench } from "./bench.ts";

/** Scopes at the server. */
export function checkScopes(bench: Bench): void {
  it("manages scopes and lets a client ask for exactly those it was granted, if it says it can", async () => {
    const { scopes } = bench.adapter;
    if (!scopes) return;
    const [one, other] = [`orders:read-${crypto.randomUUID()}`, `orders:write-${crypto.randomUUID()}`];
    await scopes.save({ name: one, description: "Read" });
    await scopes.save({ name: one, description: "Read orders" });
    await scopes.save({ name: other, description: "Write" });
    expect(await scopes.list()).toContainEqual({ name: one, description: "Read orders" });
    const made = await bench.newClient();
    // A server may refuse a scope that was not granted, or leave it out (RFC 6749 §3.3).
    const gets = async (name: string): Promise<boolean> => {
      try {
        return (await bench.adapter.issueToken?.(made.ref, { scopes: [name] }))?.scopes.includes(name) ?? false;
      } catch (error) {
        if (isConnectorError(error) && error.kind === "rejected") return false;
        throw error;
      }
    };
    const withoutGrant = bench.connector.scopeGrants === "any_client";
    await scopes.grant(made.ref, [one]);
    expect(await gets(one)).toBe(true);
    expect(await gets(other)).toBe(withoutGrant);
    await scopes.grant(made.ref, []);
    expect(await gets(one)).toBe(withoutGrant);
    for (const name of [one, one, other]) await scopes.remove(name);
    expect((await scopes.list()).map(({ name }) => name)).not.toContain(one);
    await bench.release(made.ref);
  });
}

import { expect, it } from "vitest";
import type { ClientRef } from "../contract.ts";
import type { Bench } from "./bench.ts";

/** Consumer secrets: replaced ones die, several live side by side. */
export function checkSecrets(bench: Bench): void {
  it("makes a new secret that replaces the old one, if it says it can", async () => {
    if (!bench.adapter.rotateSecret) return;
    const made = await bench.newClient();
    const rotated = await bench.adapter.rotateSecret(made.ref);
    expect(rotated.ref.consumerKey).toBe(made.ref.consumerKey);
    expect(rotated.ref.consumerSecret?.reveal()).not.toBe(made.ref.consumerSecret?.reveal());
    expect(await bench.kindOf(bench.adapter.issueToken?.(rotated.ref, { scopes: [] }))).toBe("answered");
    await expectDead(made.ref);
    await bench.managing.deleteClient(rotated.ref);
  });

  /** A replaced secret is dead, at the latest when the declared overlap is over. */
  async function expectDead(ref: ClientRef): Promise<void> {
    const { overlapSeconds } = bench.connector.consumerSecrets;
    if (overlapSeconds > 0) {
      if (!bench.vendor.pass) return;
      bench.vendor.pass(overlapSeconds + 1);
    }
    expect(await bench.kindOf(bench.adapter.issueToken?.(ref, { scopes: [] }))).toBe("credentials_refused");
  }

  it("keeps several secrets side by side, if it says it can", async () => {
    const { secrets } = bench.adapter;
    if (!secrets) return;
    const made = await bench.newClient();
    const before = await secrets.list(made.ref);
    expect(before.filter(({ isActive }) => isActive)).toHaveLength(1);
    const { client, secret } = await secrets.add(made.ref, {});
    expect(client.ref.consumerSecret?.reveal()).not.toBe(made.ref.consumerSecret?.reveal());
    for (const ref of [made.ref, client.ref]) {
      expect(await bench.kindOf(bench.adapter.issueToken?.(ref, { scopes: [] }))).toBe("answered");
    }
    const both = await secrets.list(client.ref);
    expect(both.map(({ id }) => id)).toContain(secret.id);
    expect(both.filter(({ isActive }) => isActive)).toHaveLength(2);
    expect(JSON.stringify(both)).not.toContain(client.ref.consumerSecret?.reveal());
    const [first] = before;
    if (!first) throw new Error("A client with a secret has none.");
    await secrets.remove(client.ref, first.id);
    await secrets.remove(client.ref, first.id);
    expect(await bench.kindOf(bench.adapter.issueToken?.(client.ref, { scopes: [] }))).toBe("answered");
    await expectDead(made.ref);
    await bench.managing.deleteClient(client.ref);
  });

  it("keeps as many secrets as it says and refuses one more, if it names a limit", async () => {
    const { secrets } = bench.adapter;
    const { atOnce } = bench.connector.consumerSecrets;
    if (!secrets || atOnce === null) return;
    const { ref: first } = await bench.newClient();
    const all = [first];
    while (all.length < atOnce) all.push((await secrets.add(first, {})).client.ref);
    expect(await bench.kindOf(secrets.add(first, {}))).toBe("conflict");
    for (const ref of all) expect(await bench.kindOf(bench.adapter.issueToken?.(ref, { scopes: [] }))).toBe("answered");
    expect(await secrets.list(first)).toHaveLength(atOnce);
    await bench.managing.deleteClient(first);
  });

  it("ends a secret when it was told to, or never, as it says it can", async () => {
    const { secrets } = bench.adapter;
    if (!secrets) return;
    const { canExpire = true, endless } = bench.connector.consumerSecrets;
    const made = await bench.newClient();
    const [first] = await secrets.list(made.ref);
    // Soon, by the vendor's own clock: what signs in with assertions does so by one that stays where it is.
    const expiresAt = new Date((first?.createdAt?.getTime() ?? Date.now()) + 20_000);
    if (!canExpire) {
      expect(await bench.kindOf(secrets.add(made.ref, { expiresAt }))).toBe("unsupported");
    } else {
      const { client, secret } = await secrets.add(made.ref, { expiresAt, description: "For a moment" });
      expect(Math.abs((secret.expiresAt?.getTime() ?? 0) - expiresAt.getTime())).toBeLessThan(5_000);
      expect([undefined, "For a moment"]).toContain(secret.description);
      const unending = endless && (await secrets.add(client.ref, {}));
      if (unending) expect(unending.secret.expiresAt).toBeUndefined();
      if (bench.vendor.pass) {
        bench.vendor.pass(30);
        expect(await bench.kindOf(bench.adapter.issueToken?.(client.ref, { scopes: [] }))).toBe("credentials_refused");
        for (const ref of unending ? [made.ref, unending.client.ref] : [made.ref]) {
          expect(await bench.kindOf(bench.adapter.issueToken?.(ref, { scopes: [] }))).toBe("answered");
        }
      }
    }
    await bench.managing.deleteClient(made.ref);
  });
}

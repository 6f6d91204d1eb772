import { expect, it } from "vitest";
import { managing } from "../contract.ts";
import { splitSecrets } from "../edit-schema.ts";
import type { Bench } from "./bench.ts";

/** Owners of clients, at servers that hold one. */
export function checkOwners(bench: Bench): void {
  const { connector } = bench;

  it("gives a client to another owner and changes nothing else of it, if it says it can", async () => {
    if (!connector.capabilities.includes("changeOwner")) {
      expect(connector.ownerFollows).toBeUndefined();
      return;
    }
    const { owners } = bench.vendor;
    if (!owners) throw new Error("The vendor does not tell whom a client belongs to.");
    const { plain } = splitSecrets(connector.connection, connector.connection.parse(owners.connectionInput));
    expect(connector.ownerFollows?.(plain) ?? true).toBe(true);
    const adapter = managing(bench.opened(owners.connectionInput));
    const [one, other] = owners.people;
    const spec = bench.specOf({ owner: { email: one } });
    const made = await adapter.registerClient(spec);
    expect(owners.of(made.ref.consumerKey)).toBe(one);

    // Whoever is told twice does not do it twice.
    for (const _time of ["first", "second"]) {
      const given = await adapter.changeOwner?.(made.ref, { ...spec, owner: { email: other } });
      expect(owners.of(made.ref.consumerKey)).toBe(other);
      expect(given?.state).toEqual(made.state);
      expect(given?.ref.consumerSecret?.reveal()).toBe(made.ref.consumerSecret?.reveal());
    }
    const updated = await adapter.updateClient(made.ref, { ...spec, owner: { email: other } });
    expect(updated.state.name).toBe(made.state.name);
    expect(owners.of(made.ref.consumerKey)).toBe(other);

    const nobody = { ...spec, owner: { email: `nobody-${crypto.randomUUID()}@nowhere.example` } };
    expect(await bench.kindOf(adapter.changeOwner?.(made.ref, nobody))).toBe("rejected");
    expect(owners.of(made.ref.consumerKey)).toBe(other);
    await adapter.deleteClient(made.ref);
  });
}

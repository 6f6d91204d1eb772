import { expect, it } from "vitest";
import { managing, type ClientSpec } from "../contract.ts";
import { isConnectorError } from "../errors.ts";
import type { Bench } from "./bench.ts";

/** The life of a client: what a connector that manages clients must do. */
export function checkLifeCycle(bench: Bench): void {
  it("takes a client from birth to death", async () => {
    const spec = bench.specOf();
    const made = await bench.managing.registerClient(spec);
    expect(made.ref.consumerKey).not.toBe("");
    expect(made.ref.consumerSecret?.reveal().length).toBeGreaterThan(15);
    const nameOf = bench.options.nameAtServer ?? (({ name }: Pick<ClientSpec, "name">) => name);
    expect(made.state).toMatchObject({ name: nameOf(spec), grantTypes: spec.grantTypes });

    const read = await bench.managing.readClient(made.ref);
    expect(read?.state).toEqual(made.state);
    expect(read?.ref.consumerKey).toBe(made.ref.consumerKey);
    expect(read?.ref.consumerSecret?.reveal()).toBe(made.ref.consumerSecret?.reveal());

    const webApplication = {
      grantTypes: ["client_credentials", "authorization_code"],
      redirectUris: ["https://app.example/callback"],
    };
    const grown = { ...spec, name: "Renamed", ...(bench.options.growth ?? webApplication) };
    expect(grown.grantTypes).not.toEqual(spec.grantTypes);
    const updated = await bench.managing.updateClient(read?.ref ?? made.ref, grown);
    expect(updated.state).toMatchObject({ name: nameOf(grown), redirectUris: grown.redirectUris });
    expect([...updated.state.grantTypes].sort()).toEqual([...grown.grantTypes].sort());
    expect(updated.ref.consumerKey).toBe(made.ref.consumerKey);
    expect(updated.ref.consumerSecret?.reveal()).toBe(made.ref.consumerSecret?.reveal());
    const last = await bench.managing.readClient(updated.ref);
    expect(last?.state).toEqual(updated.state);

    // Any answer may have brought new credentials: only the newest count.
    const { ref } = last ?? updated;
    await bench.managing.deleteClient(ref);
    await bench.managing.deleteClient(ref);
    expect(await bench.managing.readClient(ref)).toBeNull();
  });

  it("gives its client settings back in a form that its own client form accepts", async () => {
    const made = await bench.managing.registerClient(bench.specOf());
    expect(bench.connector.client.safeParse(made.state.settings).error?.issues ?? []).toEqual([]);
    await bench.managing.deleteClient(made.ref);
  });

  it("refuses what the server refuses, in the server's words", async () => {
    const spec = bench.specOf({ grantTypes: ["authorization_code"], redirectUris: ["javascript:alert(1)"] });
    try {
      const made = await bench.managing.registerClient(spec);
      await bench.managing.deleteClient(made.ref);
      // A server without an opinion on schemes shows what it registered.
      expect(made.state.redirectUris).toEqual(spec.redirectUris);
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      expect(error.kind).toBe("rejected");
      expect(error.reason).toMatch(/\S/);
    }
  });

  it("says that credentials are refused, and shows it in the connection test", async () => {
    const refused = managing(bench.opened(bench.vendor.refusedConnectionInput));
    const kind = await bench.kindOf(refused.registerClient(bench.specOf()));
    expect(kind).toBe("credentials_refused");
    const probes = (await refused.checkAccess?.()) ?? [];
    for (const probe of probes) if (probe.status === "failed") expect(probe.fix).toBeTruthy();
    expect((await bench.adapter.checkAccess?.())?.filter(({ status }) => status === "failed") ?? []).toEqual([]);
  });

  it("finds a client by its marker, if it says it can", async () => {
    if (!bench.adapter.findClients) return;
    const spec = bench.specOf();
    const made = await bench.managing.registerClient(spec);
    const found = await bench.adapter.findClients(spec.marker);
    expect(found.map(({ ref }) => ref.consumerKey)).toEqual([made.ref.consumerKey]);
    const [first] = found;
    if (first) await bench.managing.deleteClient(first.ref);
    expect(await bench.adapter.findClients(spec.marker)).toEqual([]);
  });
}

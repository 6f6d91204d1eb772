import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { Secret } from "#lib/foundation/secret.ts";
import type { ClientSpec, CredentialForm, RegisteredClient } from "../contract.ts";
import { isConnectorError } from "../errors.ts";
import type { Bench } from "./bench.ts";

const digits = () => randomUUID().replaceAll("-", "");

/** A client whose identity was chosen is that client and no other, or there is none. */
export function checkPreset(bench: Bench): void {
  const { consumerKey: keyForm, consumerSecret: secretForm } = bench.connector.preset ?? {};

  /** A spec with a key or a secret that the connector declares, new ones each time. */
  function chosen({ key = false, secret = false }: { key?: boolean; secret?: boolean }): ClientSpec {
    return bench.specOf({
      ...(key && { consumerKey: fitting(`preset_${digits().slice(0, 20)}`, keyForm) }),
      ...(secret && { consumerSecret: new Secret(fitting(`preset-${digits()}`, secretForm)) }),
    });
  }

  if (keyForm) {
    it("gives a client the consumer key that was chosen, and finds it under that and its marker alone", async () => {
      const spec = chosen({ key: true });
      const made = await bench.managing.registerClient(spec);
      expect(made.ref.consumerKey).toBe(spec.consumerKey);
      expect(await bench.kindOf(bench.adapter.issueToken?.(made.ref, { scopes: [] }))).toBe("answered");
      const found = await bench.adapter.findClients?.(spec.marker, spec.consumerKey);
      expect(found?.map(({ ref }) => ref.consumerKey)).toEqual([spec.consumerKey]);
      expect(await bench.adapter.findClients?.(bench.specOf().marker, spec.consumerKey)).toEqual([]);
      await bench.managing.deleteClient(found?.[0]?.ref ?? made.ref);
      expect(await bench.adapter.findClients?.(spec.marker, spec.consumerKey)).toEqual([]);
    });

    it("keeps the marker of such a client, and shows none of it, through an update", async () => {
      const spec = chosen({ key: true });
      const made = await bench.managing.registerClient(spec);
      const { consumerKey, ...asked } = spec;
      const updated = await bench.managing.updateClient(made.ref, { ...asked, name: "Renamed" });
      for (const { state } of [made, updated]) expect(JSON.stringify(state.settings)).not.toContain(spec.marker);
      const found = await bench.adapter.findClients?.(spec.marker, consumerKey);
      expect(found?.map(({ ref }) => ref.consumerKey)).toEqual([consumerKey]);
      await bench.managing.deleteClient(found?.[0]?.ref ?? updated.ref);
    });

    it("says that a chosen consumer key is taken, and leaves the client that has it alone", async () => {
      const spec = chosen({ key: true });
      const made = await bench.managing.registerClient(spec);
      const second = bench.specOf({ ...(spec.consumerKey !== undefined && { consumerKey: spec.consumerKey }) });
      expect(await bench.kindOf(bench.managing.registerClient(second))).toBe("conflict");
      expect((await bench.managing.readClient(made.ref))?.state).toEqual(made.state);
      expect(await bench.kindOf(bench.adapter.issueToken?.(made.ref, { scopes: [] }))).toBe("answered");
      await bench.managing.deleteClient(made.ref);
    });
  }

  if (secretForm) {
    it("gives a client the consumer secret that was chosen, and tells it to nobody", async () => {
      const spec = chosen({ key: keyForm !== undefined, secret: true });
      const secret = spec.consumerSecret?.reveal() ?? "";
      const made = await bench.managing.registerClient(spec);
      expect(made.ref.consumerSecret?.reveal()).toBe(secret);
      expect(await bench.kindOf(bench.adapter.issueToken?.(made.ref, { scopes: [] }))).toBe("answered");
      const wrong = { ...made.ref, consumerSecret: new Secret(`${secret}x`) };
      expect(await bench.kindOf(bench.adapter.issueToken?.(wrong, { scopes: [] }))).toBe("credentials_refused");
      for (const line of [...bench.lines, inspect(made, { depth: 6 }), JSON.stringify(made)]) {
        expect(line).not.toContain(secret);
      }
      await bench.managing.deleteClient(made.ref);
    });

    it("never repeats a chosen secret that the server throws back", async () => {
      const { fake } = bench.vendor;
      if (!fake) return;
      let thrownBack = 0;
      for (const method of ["POST", "PUT"]) {
        const spec = chosen({ secret: true });
        const secret = spec.consumerSecret?.reveal() ?? "";
        const words = `not ${secret}`;
        fake.fail({ status: 400, body: { message: words, description: words, error_description: words } }, { method });
        const result = await bench.managing.registerClient(spec).catch((error: unknown) => error);
        fake.recover();
        if (!isConnectorError(result)) {
          await bench.managing.deleteClient((result as RegisteredClient).ref);
        } else if (fake.requests.at(-1)?.body.includes(secret)) {
          thrownBack += 1;
          for (const line of [...bench.lines, inspect(result, { depth: 6 })]) expect(line).not.toContain(secret);
        }
      }
      expect(thrownBack).toBeGreaterThan(0);
    });
  }
}

function fitting(text: string, form: CredentialForm | undefined): string {
  expect(text).toMatch(new RegExp(`^(?:${form?.pattern ?? "(?!)"})$`));
  return text;
}

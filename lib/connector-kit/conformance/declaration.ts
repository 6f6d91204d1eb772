/** What a connector's declaration must be, before anything is opened. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { capabilities, type Connector } from "../contract.ts";
import { describeFields, initialValues, type FieldDescriptor } from "../descriptors.ts";

function leaves(descriptors: readonly FieldDescriptor[]): FieldDescriptor[] {
  return descriptors.flatMap((descriptor) =>
    descriptor.kind === "method"
      ? [descriptor, ...descriptor.options.flatMap(({ fields }) => leaves(fields))]
      : [descriptor],
  );
}

export function checkDeclaration(connector: Connector): void {
  it("describes every field of both forms with a label for people", () => {
    for (const schema of [connector.connection, connector.client]) {
      for (const { label, name } of leaves(describeFields(schema))) expect(label.trim(), name).not.toBe("");
    }
  });

  it("has a client form whose defaults are a complete answer", () => {
    expect(connector.client.safeParse({}).success).toBe(true);
    expect(connector.client.safeParse(initialValues(describeFields(connector.client))).success).toBe(true);
  });

  it("declares each capability by its name, once", () => {
    expect(new Set(connector.capabilities).size).toBe(connector.capabilities.length);
    for (const name of connector.capabilities) expect(capabilities).toContain(name);
  });

  it("declares trust that excludes tokens without a signature and those signed with shared secrets", () => {
    expect(connector.trust.algorithms.length).toBeGreaterThan(0);
    for (const algorithm of connector.trust.algorithms) expect(algorithm).toMatch(/^(RS|PS|ES)\d{3}$|^EdDSA$/);
    expect(connector.trust.consumerKeyClaims.length).toBeGreaterThan(0);
    expect(connector.trust.scopesClaims.length).toBeGreaterThan(0);
  });

  it("has a guide with steps in it", async () => {
    const { guide: given } = connector;
    const guide = typeof given === "string" ? await readFile(given, "utf8") : given.markdown;
    expect(guide).toMatch(/^# /);
    expect(guide.length).toBeGreaterThan(500);
  });
}

import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isSecret, Secret } from "#lib/foundation/secret.ts";
import { describeFields, initialValues } from "./descriptors.ts";
import { editSchema, mergeSecrets, secretKeys, splitSecrets } from "./edit-schema.ts";
import { field } from "./fields.ts";

const connection = z.strictObject({
  baseUrl: field.url({ label: "Server", help: "Where it listens." }),
  contact: field.text({ label: "Contact", optional: true }),
  lifetime: field.number({ label: "Lifetime", minimum: 1, maximum: 3600, unit: "seconds", fallback: 300 }),
  retries: field.number({ label: "Retries", optional: true }),
  kind: field.choice({ label: "Kind", options: ["web", { value: "service", label: "Service" }], fallback: "web" }),
  grants: field.multiChoice({ label: "Grants", options: ["a", "b"], fallback: ["a"] }),
  verify: field.flag({ label: "Verify", fallback: true }),
  origins: field.list({ label: "Origins", items: "url", optional: true }),
  pinned: field.certificate({ label: "Certificate", optional: true }),
  authorisation: field.method({
    label: "Authorisation",
    fallback: "none",
    options: {
      none: { label: "None", fields: {} },
      token: { label: "Token", fields: { value: field.secret({ label: "Token" }) } },
      client: {
        label: "Client",
        fields: {
          clientId: field.text({ label: "Client id" }),
          proof: field.method({
            label: "Proof",
            discriminator: "by",
            fallback: "secret",
            options: {
              secret: { label: "Secret", fields: { value: field.secret({ label: "Client secret" }) } },
              key: {
                label: "Key",
                fields: { value: field.secret({ label: "Private key", multiline: true, optional: true }) },
              },
            },
          }),
        },
      },
    },
  }),
});

const minimal = { baseUrl: "https://as.example" };

function problems(schema: z.ZodType, value: unknown): Record<string, string> {
  const result = schema.safeParse(value);
  if (result.success) return {};
  return Object.fromEntries(result.error.issues.map((issue) => [issue.path.join("."), issue.message]));
}

describe("field builders", () => {
  it("fill in what a form leaves out", () => {
    expect(connection.parse(minimal)).toEqual({
      baseUrl: "https://as.example",
      lifetime: 300,
      kind: "web",
      grants: ["a"],
      verify: true,
      origins: [],
      authorisation: { method: "none" },
    });
  });

  it("take blank text of an optional field as absent, and name a needed one that is missing", () => {
    expect(connection.parse({ ...minimal, contact: "  ", retries: "", pinned: "" }).contact).toBeUndefined();
    expect(problems(connection, { baseUrl: " " })).toEqual({ baseUrl: "Fill in “Server”." });
    expect(problems(connection, {})).toEqual({ baseUrl: "Fill in “Server”." });
  });

  it("keep an address byte for byte and refuse what is no address", () => {
    const schema = z.strictObject({ url: field.url({ label: "Address" }) });
    expect(schema.parse({ url: "https://AS.example:443/a/../b/" }).url).toBe("https://AS.example:443/a/../b/");
    for (const bad of [
      "as.example",
      "javascript:alert(1)",
      "https://",
      "https://user:pw@as.example",
      "https://as.example/#x",
      "https://as.example/#",
      "https:\\\\as.example",
      "https://as.exa\nmple",
      "https://as.example/a b",
      "file:///etc/passwd",
    ]) {
      expect(Object.keys(problems(schema, { url: bad })), bad).toEqual(["url"]);
    }
  });

  it("read numbers as forms send them", () => {
    expect(connection.parse({ ...minimal, lifetime: "60", retries: "3" })).toMatchObject({ lifetime: 60, retries: 3 });
    expect(connection.parse({ ...minimal, lifetime: "" }).lifetime).toBe(300);
    for (const bad of ["0", "3601", "1.5", "many", Number.NaN, Infinity, true]) {
      expect(Object.keys(problems(connection, { ...minimal, lifetime: bad })), String(bad)).toEqual(["lifetime"]);
    }
  });

  it("refuse values that a choice does not offer", () => {
    expect(problems(connection, { ...minimal, kind: "x", grants: ["c"] })).toMatchObject({
      kind: "Choose one of: web, Service.",
      "grants.0": "Choose among: a, b.",
    });
  });

  it("tidy lists and point at the entry that is wrong", () => {
    const parsed = connection.parse({ ...minimal, origins: [" https://a.example ", "", "https://a.example"] });
    expect(parsed.origins).toEqual(["https://a.example"]);
    expect(Object.keys(problems(connection, { ...minimal, origins: ["https://a.example", "nope"] }))).toEqual([
      "origins.1",
    ]);
  });

  it("accept public keys and refuse private and broken ones", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    const secretPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(connection.parse({ ...minimal, pinned: pem }).pinned).toBe(pem.trim());
    expect(problems(connection, { ...minimal, pinned: secretPem })["pinned"]).toContain("private key");
    expect(problems(connection, { ...minimal, pinned: pem.replace("M", "!") })["pinned"]).toContain("cannot be read");
    expect(problems(connection, { ...minimal, pinned: "hello" })["pinned"]).toContain("PEM");
  });

  it("turn secrets into Secret and refuse unknown keys", () => {
    const parsed = connection.parse({ ...minimal, authorisation: { method: "token", value: " canary " } });
    expect(parsed.authorisation.method === "token" && parsed.authorisation.value.reveal()).toBe("canary");
    expect(JSON.stringify(parsed)).not.toContain("canary");
    expect(connection.safeParse({ ...minimal, surprise: 1 }).success).toBe(false);
    expect(connection.safeParse({ ...minimal, authorisation: { method: "none", value: "x" } }).success).toBe(false);
  });
});

describe("describeFields", () => {
  it("gives plain JSON with every branch, in order", () => {
    const descriptors = describeFields(connection);
    expect(JSON.parse(JSON.stringify(descriptors))).toEqual(descriptors);
    expect(descriptors.map(({ name }) => name)).toEqual(Object.keys(connection.shape));
    const group = descriptors.at(-1);
    expect(group).toMatchObject({
      kind: "method",
      discriminator: "method",
      options: [
        { value: "none", fields: [] },
        { value: "token", fields: [{ name: "value", kind: "secret", secretKey: "authorisation.token.value" }] },
        {
          value: "client",
          fields: [
            { name: "clientId", kind: "text" },
            {
              name: "proof",
              options: [
                { fields: [{ secretKey: "authorisation.client.proof.secret.value" }] },
                { fields: [{ secretKey: "authorisation.client.proof.key.value", optional: true }] },
              ],
            },
          ],
        },
      ],
    });
  });

  it("throws at a leaf that was wrapped afterwards, because its descriptor is gone", () => {
    const wrapped = z.strictObject({ name: field.text({ label: "Name" }).optional() });
    expect(() => describeFields(wrapped)).toThrow(/“name” has no descriptor/);
  });

  it("gives a new form a value for every input", () => {
    expect(initialValues(describeFields(connection))).toEqual({
      baseUrl: "",
      contact: "",
      lifetime: 300,
      retries: "",
      kind: "web",
      grants: ["a"],
      verify: true,
      origins: [],
      pinned: "",
      authorisation: { method: "none" },
    });
  });
});

describe("secrets", () => {
  const value = {
    ...minimal,
    authorisation: { method: "client", clientId: "portal", proof: { by: "secret", value: "canary" } },
  };
  const key = "authorisation.client.proof.secret.value";

  it("leave a value completely and come back to the same place", () => {
    const { plain, secrets } = splitSecrets(connection, connection.parse(value));
    expect(Object.keys(secrets)).toEqual([key]);
    expect(JSON.stringify(plain)).not.toContain("secret]");
    const opened = connection.parse(mergeSecrets(connection, plain, secrets));
    expect(opened).toEqual(connection.parse(value));
    expect(secretKeys(connection, plain)).toEqual([key]);
  });

  it("are kept where an edit leaves them blank, and replaced where it does not", () => {
    const stored = { [key]: new Secret("old") };
    const reveal = (edited: unknown) => {
      const merged = mergeSecrets(connection, editSchema(connection).parse(edited), stored);
      return splitSecrets(connection, connection.parse(merged)).secrets[key]?.reveal();
    };
    expect(reveal({ ...value, authorisation: { ...value.authorisation, proof: { by: "secret", value: "" } } })).toBe(
      "old",
    );
    expect(reveal({ ...value, authorisation: { ...value.authorisation, proof: { by: "secret" } } })).toBe("old");
    expect(reveal(value)).toBe("canary");
  });

  it("of one branch never serve another, even under the same name", () => {
    const stored = { [key]: new Secret("old") };
    const edited = editSchema(connection).parse({
      ...value,
      authorisation: { method: "token", value: "" },
    });
    expect(problems(connection, mergeSecrets(connection, edited, stored))).toEqual({
      "authorisation.value": "Fill in “Token”.",
    });
  });

  it("that are optional can be removed by null", () => {
    const schema = z.strictObject({ token: field.secret({ label: "Token", optional: true }) });
    const stored = { token: new Secret("old") };
    const after = (edited: unknown) => schema.parse(mergeSecrets(schema, editSchema(schema).parse(edited), stored));
    expect(after({ token: null }).token).toBeUndefined();
    expect(isSecret(after({ token: "" }).token)).toBe(true);
    expect(isSecret(after({}).token)).toBe(true);
  });
});

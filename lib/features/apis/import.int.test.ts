import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { testTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import { createApi } from "./create.ts";
import { importOpenApi } from "./import.ts";

const petStore = `
openapi: 3.1.0
info: { title: Pet store, version: "2.1", description: Everything about pets }
servers: [{ url: "https://api.example.com/pets/v2" }]
security: [{ oauth: ["pets:read"] }]
paths:
  /pets:
    get: { responses: { "200": { description: ok } } }
    post:
      security: [{ oauth: ["pets:write"] }]
      responses: { "201": { description: made } }
  /pets/{petId}.json:
    parameters: [{ name: petId, in: path, required: true, schema: { type: string } }]
    delete:
      security: []
      responses: { "204": { description: gone } }
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows:
        clientCredentials:
          tokenUrl: https://auth.example.com/token
          scopes: { "pets:read": Read pets, "pets:write": Change pets }
`;

let creator: Context;
beforeAll(async () => {
  creator = await (await testTenant()).caller("CREATOR");
});

const refusal = (document: string) =>
  importOpenApi(creator, { document }).then(
    () => expect.unreachable("it was taken"),
    (error: unknown) => error as { code: string; fields: { path: string; message: string }[] },
  );

describe("import of an OpenAPI document", () => {
  it("fills name, version, context, resources and scopes, from YAML and from JSON", async () => {
    const draft = await importOpenApi(creator, { document: petStore });
    expect(draft).toEqual({
      name: "Pet store",
      kind: "HTTP",
      version: "2.1",
      context: "/pets",
      description: "Everything about pets",
      scopes: [
        { name: "pets:read", description: "Read pets" },
        { name: "pets:write", description: "Change pets" },
      ],
      resources: [
        { verb: "GET", path: "/pets", scopes: ["pets:read"] },
        { verb: "POST", path: "/pets", scopes: ["pets:write"] },
        { verb: "DELETE", path: "/pets/{petId}", scopes: [] },
      ],
      notes: [],
    });
    expect(await importOpenApi(creator, { document: JSON.stringify(parse(petStore)) })).toEqual(draft);
  });

  it("gives a draft that can be created as it is", async () => {
    const { notes, ...draft } = await importOpenApi(creator, { document: petStore });
    expect(notes).toEqual([]);
    await expect(createApi(creator, draft)).resolves.toMatchObject({ name: "Pet store", status: "CREATED" });
  });

  it("tells where the document holds characters that no field takes", async () => {
    const document = petStore
      .replace("Everything about pets", '"Everything\\0about pets"')
      .replace("Read pets", '"Read\\ud83dpets"');
    expect((await importOpenApi(creator, { document })).notes).toEqual([
      "description: Remove the invisible control characters.",
      "scopes.0.description: Remove the invisible control characters.",
    ]);
  });

  it("cuts long text between characters", async () => {
    const document = petStore.replace("Everything about pets", `${"x".repeat(1999)}🔑`);
    expect(await importOpenApi(creator, { document })).toMatchObject({ description: "x".repeat(1999), notes: [] });
  });

  it.each([
    ["prose", "Dear Sir or Madam", /must hold an object/],
    ["broken JSON", '{"openapi": "3.1.0", ', /neither JSON nor YAML/],
    ["another JSON document", '{"name": "x"}', /not an OpenAPI 3 document/],
    ["Swagger 2", '{"swagger": "2.0", "info": {"title": "x", "version": "1"}, "paths": {}}', /Swagger 2\.0/],
    ["a broken rule", '{"openapi": "3.1.0", "info": {"title": "x"}, "paths": {}}', /rules of OpenAPI 3\.1\.0.*version/],
    ["no operations", '{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}', /no operations/],
    ["nothing", " ", /must hold an object/],
    ["a duplicate key", '{"openapi": "3.1.0", "openapi": "3.0.0"}', /neither JSON nor YAML/],
  ])("refuses %s at the field, in words", async (_what, document, message) => {
    const error = await refusal(document);
    expect(error).toMatchObject({ code: "input.invalid", fields: [{ path: "document" }] });
    expect(error.fields[0]?.message).toMatch(message);
  });

  it("refuses a small file that would grow without end", async () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
    for (const [index, name] of Array.from("bcdefghi").entries()) {
      const of = String.fromCharCode(97 + index);
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${of}`).join(",")}]`);
    }
    expect(await refusal(bomb.join("\n"))).toMatchObject({ code: "input.invalid", fields: [{ path: "document" }] });
  });

  it("never reads a file of the server, whatever the text names", async () => {
    expect(await refusal("/etc/passwd")).toMatchObject({ code: "input.invalid" });
  });
});

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standardTokenParameters } from "#lib/connector-kit/token-parameters.ts";
import { describeUnless, lackingProgram } from "#tooling/testing/needs.ts";
import { secretPlaceOf, tokenSnippets, type SnippetInput } from "./snippets.ts";

const run = promisify(execFile);

/** What a token endpoint understood of the last request, as RFC 6749 §2.3.1 and §4.4 have it read. */
type Understood = { id: string | null; secret: string | null; form: Record<string, string> };
let last: Understood | null;
let server: Server;
let folder: string;
let tokenEndpoint: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "snippets-"));
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString("utf8")));
      const basic = /^Basic (.+)$/.exec(req.headers.authorization ?? "")?.[1];
      const halves = basic ? Buffer.from(basic, "base64").toString("utf8").split(":") : null;
      const decode = (text = "") => new URLSearchParams(`v=${text}`).get("v");
      const [id, secret] = halves
        ? [decode(halves[0]), decode(halves[1])]
        : [form["client_id"] ?? null, form["client_secret"] ?? null];
      last = { id, secret, form };
      res.setHeader("content-type", "application/json");
      res.end(JSON.stringify({ access_token: "token-from-the-server" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  tokenEndpoint = `http://127.0.0.1:${String(address.port)}/token`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const programs: Record<string, { file: string; command: string }> = {
  curl: { file: "token.sh", command: "sh" },
  node: { file: "token.mjs", command: process.execPath },
  python: { file: "token.py", command: "python3" },
};

/** Runs what a person would copy, as it is. @returns what the server understood, and what was printed */
async function execute(id: string, code: string, more: Record<string, string> = {}) {
  const program = programs[id];
  if (!program) throw new Error(`No program runs ${id}.`);
  const path = join(folder, program.file);
  await writeFile(path, code);
  last = null;
  const { stdout } = await run(program.command, [path], { env: { ...process.env, ...more } });
  return { printed: stdout, understood: last as Understood | null };
}

const awkward = `it's "5 $HOME" & a:b%+/\\ \`x\``;

const needs = { curl: "curl", node: process.execPath, python: "python3" };
for (const [id, program] of Object.entries(needs))
  describeUnless(lackingProgram(program), `the ${id} snippet`, () => {
    const input = (changes: Partial<SnippetInput>): SnippetInput => ({
      tokenEndpoint,
      consumerKey: "client",
      consumerSecret: "plain-secret",
      scopes: [],
      parameters: standardTokenParameters,
      secretIn: "header",
      ...changes,
    });
    const codeOf = (changes: Partial<SnippetInput>) =>
      tokenSnippets(input(changes)).find((one) => one.id === id)?.code ?? "";

    it.for([
      ["header", "plain-secret"],
      ["body", "plain-secret"],
      ["header", awkward],
      ["body", awkward],
    ] as const)("runs as shown with the secret in the %s: %s", async ([secretIn, consumerSecret]) => {
      const code = codeOf({ secretIn, consumerSecret, consumerKey: "key:1", scopes: ["read", "write"] });
      const { printed, understood } = await execute(id, code);
      expect(understood).toMatchObject({
        id: "key:1",
        secret: consumerSecret,
        form: { grant_type: "client_credentials", scope: "read write" },
      });
      expect(printed).toContain("token-from-the-server");
    });

    it("exchanges the token that the environment holds", async () => {
      for (const secretIn of ["header", "body"] as const) {
        const code = codeOf({ grant: "token_exchange", secretIn, scopes: ["read"] });
        const { understood } = await execute(id, code, { SUBJECT_TOKEN: awkward });
        expect(understood).toMatchObject({
          id: "client",
          secret: "plain-secret",
          form: {
            grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
            subject_token: awkward,
            subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
            scope: "read",
          },
        });
      }
    });

    it("reads the secret from the environment when it is not shown", async () => {
      for (const secretIn of ["header", "body"] as const) {
        const code = codeOf({ consumerSecret: null, secretIn });
        expect(code).toContain("CONSUMER_SECRET");
        const { understood } = await execute(id, code, { CONSUMER_SECRET: "from-outside" });
        expect(understood?.secret).toBe("from-outside");
      }
    });
  });

describe("the place of the secret", () => {
  it("is the header, unless the client is registered to send it in the body", () => {
    expect(secretPlaceOf({})).toBe("header");
    expect(secretPlaceOf({ authentication: { method: "client_secret_post" } })).toBe("body");
  });

  it.each(["private_key_jwt", "client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth"])(
    "is nowhere for a client that authenticates by %s",
    (method) => {
      expect(secretPlaceOf({ authentication: { method } })).toBeNull();
    },
  );
});

import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createOutbound } from "#lib/foundation/outbound.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { temporaryFolder } from "../database/temporary.ts";
import { runExternalKeyManager, type ExternalKeyManager } from "./key-manager-process.ts";

it("keeps its address, its clients and its keys over a restart, and is gone after a stop", async () => {
  const place = temporaryFolder();
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const first = await runExternalKeyManager(join(place, "demo"));
  onTestFinished(() => first.stop());
  await first.ready();
  const outbound = createOutbound({ allow: [first.address], log: silentLog });
  onTestFinished(() => outbound.close());

  const registered = await outbound(`${first.issuer}/reg`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${first.initialAccessToken}` },
    body: JSON.stringify({ grant_types: ["client_credentials"], response_types: [], redirect_uris: [] }),
  });
  expect(registered.status).toBe(201);
  const client = (await registered.json()) as { client_id: string; client_secret: string };
  const tokenStatus = async ({ issuer }: ExternalKeyManager) => {
    const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString("base64");
    const headers = { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" };
    const answer = await outbound(`${issuer}/token`, {
      method: "POST",
      headers,
      body: "grant_type=client_credentials",
    });
    return answer.status;
  };
  const keySet = async ({ issuer }: ExternalKeyManager) => (await outbound(`${issuer}/jwks`)).text();
  expect(await tokenStatus(first)).toBe(200);
  const keys = await keySet(first);
  await first.stop();
  await expect(outbound(`${first.issuer}/jwks`)).rejects.toThrow();

  const second = await runExternalKeyManager(join(place, "demo"));
  onTestFinished(() => second.stop());
  await second.ready();
  expect(second.address).toBe(first.address);
  expect(await tokenStatus(second)).toBe(200);
  expect(await keySet(second)).toBe(keys);
}, 60_000);

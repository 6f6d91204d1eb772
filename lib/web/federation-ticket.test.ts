import { encode } from "next-auth/jwt";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Secret } from "#lib/foundation/secret.ts";
import { exchangeSeconds, openIntent, sealIntent, type FederationIntent } from "./federation-ticket.ts";

const secret = new Secret("a secret of at least thirty-two characters");
const attempt = { provider: "provider-1", state: "state-1" };
const intents: FederationIntent[] = [
  { kind: "enter" },
  { kind: "link", sessionId: "01890000-0000-7000-8000-000000000001" },
  { kind: "join", invitation: "token-of-an-invitation" },
];

afterEach(() => vi.useRealTimers());

describe("what a browser went to an identity provider for", () => {
  it.each(intents)("comes back as it was: %o", async (intent) => {
    const ticket = await sealIntent(secret, intent, attempt);
    expect(await openIntent(secret, ticket, attempt)).toEqual(intent);
    expect(ticket).not.toContain("token-of-an-invitation");
  });

  it("counts for the attempt that it was made for, and for no other", async () => {
    const ticket = await sealIntent(secret, { kind: "enter" }, attempt);
    for (const other of [{ provider: "provider-2" }, { state: "state-2" }, { state: "" }]) {
      expect(await openIntent(secret, ticket, { ...attempt, ...other })).toBeNull();
    }
  });

  it("is nothing when somebody else sealed it, changed it, or took another cookie of ours", async () => {
    const ticket = await sealIntent(secret, { kind: "enter" }, attempt);
    const foreign = new Secret("another secret of thirty-two characters");
    expect(await openIntent(foreign, ticket, attempt)).toBeNull();
    const position = ticket.length - 10;
    const changed = ticket.slice(0, position) + (ticket[position] === "A" ? "B" : "A") + ticket.slice(position + 1);
    expect(await openIntent(secret, changed, attempt)).toBeNull();
    const token = { intent: { kind: "enter" }, ...attempt };
    expect(await openIntent(secret, await encode({ token, secret: secret.reveal() }), attempt)).toBeNull();
    expect(await openIntent(secret, "", attempt)).toBeNull();
  });

  it("is forgotten after a quarter of an hour", async () => {
    const ticket = await sealIntent(secret, { kind: "enter" }, attempt);
    vi.useFakeTimers({ now: Date.now() + (exchangeSeconds + 60) * 1000 });
    expect(await openIntent(secret, ticket, attempt)).toBeNull();
  });
});

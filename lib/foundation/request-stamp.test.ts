import { describe, expect, it } from "vitest";
import { clientAddress, limitedNetwork, stampRequest } from "./request-stamp.ts";

const from = (headers: Record<string, string>, trustedProxies: number) => {
  const req = { url: "/admin/people?q=a&_rsc=1x", headers: { ...headers }, socket: { remoteAddress: "203.0.113.9" } };
  stampRequest(req as never, { trustedProxies });
  return req.headers as Record<string, string>;
};

describe("client address", () => {
  it("is the socket's where no proxy is trusted, whatever the client claims", () => {
    const headers = from({ "x-forwarded-for": "198.51.100.1", "x-latchkey-client-address": "198.51.100.2" }, 0);
    expect(headers["x-latchkey-client-address"]).toBe("203.0.113.9");
  });

  it("is the entry that the outermost trusted proxy wrote, not what the client put left of it", () => {
    const forwardedFor = "1.1.1.1, 198.51.100.7, 10.0.0.2";
    expect(clientAddress({ socketAddress: "10.0.0.3", forwardedFor, trustedProxies: 2 })).toBe("198.51.100.7");
    expect(clientAddress({ socketAddress: "10.0.0.3", forwardedFor, trustedProxies: 1 })).toBe("10.0.0.2");
  });

  it("falls back to the socket where the header is short or holds no address", () => {
    for (const forwardedFor of [undefined, "", "unknown", "evil<script>"]) {
      expect(clientAddress({ socketAddress: "::ffff:10.0.0.3", forwardedFor, trustedProxies: 1 })).toBe("10.0.0.3");
    }
  });
});

describe("request stamp", () => {
  it("replaces a request id that no trusted proxy made", () => {
    expect(from({ "x-request-id": "forged-request" }, 0)["x-request-id"]).not.toBe("forged-request");
    expect(from({ "x-request-id": "from-our-proxy" }, 1)["x-request-id"]).toBe("from-our-proxy");
    expect(from({ "x-request-id": "two\nlines" }, 1)["x-request-id"]).not.toContain("\n");
  });

  it("tells pages their own path, whatever the client claims", () => {
    expect(from({ "x-latchkey-path": "//evil.example" }, 0)["x-latchkey-path"]).toBe("/admin/people?q=a");
  });
});

describe("limited network", () => {
  it("counts an IPv6 subscriber once, however many addresses they use", () => {
    expect(limitedNetwork("2001:db8:1:2:aaaa::1")).toBe(limitedNetwork("2001:db8:1:2:bbbb::2"));
    expect(limitedNetwork("2001:db8:1:2::1")).not.toBe(limitedNetwork("2001:db8:1:3::1"));
    expect(limitedNetwork("203.0.113.9")).toBe("203.0.113.9");
  });
});

import { describe, expect, it } from "vitest";
import { managing } from "../contract.ts";
import { isConnectorError, type ConnectorErrorKind } from "../errors.ts";
import { faultNames, type Fault, type FaultName, type SeenRequest } from "../simulator.ts";
import type { Bench } from "./bench.ts";

/** Everything a request carried, with the Authorization header of RFC 7617 decoded. */
function sentWith(request: SeenRequest | undefined): string {
  const authorization = request?.headers["authorization"] ?? "";
  const decoded = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString("utf8");
  return [request?.body, ...Object.values(request?.headers ?? {}), decoded].join("\n");
}

/** What goes wrong on the way and at the server: each has its kind, and none of them leaks. */
export function checkFaults(bench: Bench): void {
  describe("faults of a real server", () => {
    const kinds: Partial<Record<FaultName, ConnectorErrorKind>> = {
      "rate-limited": "rate_limited",
      "rate-limited-silently": "rate_limited",
      "error-after-write": "unreachable",
      html: "bad_response",
      truncated: "bad_response",
    };
    it.each(faultNames)("%s", { timeout: 60_000 }, async (fault) => {
      // A wrong issuer is found by discovery, which is not the bench.adapter's; slowness has limits of its own.
      if (!bench.vendor.fake || fault === "slow" || fault === "wrong-issuer") return;
      if (fault === "replication-delay" && !bench.vendor.fake.lags) return;
      const spec = bench.specOf();
      bench.vendor.fake.fail(fault);
      const kind = await bench.kindOf(managing(bench.opened(bench.vendor.connectionInput)).registerClient(spec));
      bench.vendor.fake.recover();
      // Not knowing what was made a moment ago is overcome, not reported.
      expect(kind).toBe(kinds[fault] ?? "answered");
      for (const { ref } of (await bench.adapter.findClients?.(spec.marker)) ?? [])
        await bench.managing.deleteClient(ref);
    });
  });

  describe("failures on the way", () => {
    const cases: [string, Fault, ConnectorErrorKind][] = [
      ["no answer", "unreachable", "unreachable"],
      ["an answer that comes too late", "timeout", "unreachable"],
      ["an address that may not be called", "address_refused", "misconfigured"],
      ["a redirect", "redirect", "bad_response"],
      ["an answer that is too large", "too_large", "bad_response"],
      ["a page instead of data", "nonsense", "bad_response"],
      ["an empty success", { status: 200, body: "" }, "bad_response"],
      ["null", { status: 200, body: null }, "bad_response"],
      ["a list", { status: 200, body: "[]" }, "bad_response"],
      ["401", { status: 401, body: { error: "invalid_token" } }, "credentials_refused"],
      ["403", { status: 403, body: { error: "insufficient_scope" } }, "credentials_refused"],
      ["409", { status: 409, body: { error: "exists" } }, "conflict"],
      ["422", { status: 422, body: { message: "no" } }, "rejected"],
      ["429", { status: 429, headers: { "retry-after": "7" } }, "rate_limited"],
      ["500", { status: 500, body: { error: "server_error" } }, "unreachable"],
      ["503 with a wait", { status: 503, headers: { "retry-after": "7" } }, "rate_limited"],
    ];
    it.each(cases)("%s becomes the kind that stands for it", async (_name, failure, kind) => {
      if (!bench.vendor.fake) return;
      const made = await bench.managing.registerClient(bench.specOf());
      bench.vendor.fake.fail(failure);
      expect(
        await bench.kindOf(managing(bench.opened(bench.vendor.connectionInput)).registerClient(bench.specOf())),
      ).toBe(kind);
      const isSuccess = typeof failure === "object" && failure.status === 200;
      // A client whose own token is refused everywhere counts as gone; no other failure proves that.
      const deleted = await bench.kindOf(managing(bench.opened(bench.vendor.connectionInput)).deleteClient(made.ref));
      if (!isSuccess && kind !== "credentials_refused" && failure !== "nonsense") expect(deleted).not.toBe("answered");
      bench.vendor.fake.recover();
      await bench.managing.deleteClient(made.ref);
    });

    it("clamps how long a server asks to wait", async () => {
      if (!bench.vendor.fake) return;
      for (const [text, seconds] of [
        ["7", 7],
        ["315360000", 300],
        ["-5", undefined],
        ["soon", undefined],
      ] as const) {
        bench.vendor.fake.fail({ status: 429, headers: { "retry-after": text } });
        await expect(
          managing(bench.opened(bench.vendor.connectionInput)).registerClient(bench.specOf()),
        ).rejects.toMatchObject({
          kind: "rate_limited",
          retryAfterSeconds: seconds,
        });
        bench.vendor.fake.recover();
      }
    });

    it("never repeats a secret that the server throws back, nor text that could do harm", async () => {
      if (!bench.vendor.fake) return;
      bench.vendor.fake.fail({ status: 400, body: {} });
      await bench.kindOf(managing(bench.opened(bench.vendor.connectionInput)).registerClient(bench.specOf()));
      bench.vendor.fake.recover();
      const sent = sentWith(bench.vendor.fake.requests.at(-1));
      const canaries = bench.vendor.canaries.filter((canary) => sent.includes(canary));
      expect(canaries.length > 0).toBe(bench.options.sendsSecret ?? true);
      const words = `bad ${canaries.join(" ")} \u001b[31mred\r\nforged: line <script>\u202e${"x".repeat(5000)}`;
      const body = { error: "invalid_client_metadata", error_description: words, errorMessage: words };
      bench.vendor.fake.fail({ status: 400, body });
      const error: unknown = await managing(bench.opened(bench.vendor.connectionInput))
        .registerClient(bench.specOf())
        .catch((thrown: unknown) => thrown);
      bench.vendor.fake.recover();
      if (!isConnectorError(error)) throw error;
      expect(error.reason).not.toMatch(/[\p{Cc}\u202e]/u);
      expect(error.reason?.length).toBeLessThanOrEqual(300);
      for (const canary of canaries) expect(error.reason).not.toContain(canary);
    });

    it("tells an outage from an absence", async () => {
      if (!bench.vendor.fake) return;
      const made = await bench.managing.registerClient(bench.specOf());
      bench.vendor.fake.fail({ status: 500 });
      expect(await bench.kindOf(managing(bench.opened(bench.vendor.connectionInput)).readClient(made.ref))).toBe(
        "unreachable",
      );
      bench.vendor.fake.recover();
      await bench.managing.deleteClient(made.ref);
    });
  });
}

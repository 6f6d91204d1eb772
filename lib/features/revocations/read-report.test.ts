import { describe, expect, it } from "vitest";
import { tokenDigest } from "#lib/foundation/ids.ts";
import { readReport } from "./read-report.ts";

const now = new Date("2026-05-01T10:00:00.500Z");
const nextSecond = new Date("2026-05-01T10:00:01.000Z");
/** Counted from the end of the day. */
const inThirtyDays = new Date("2026-06-01T00:00:00Z");
const read = (report: Record<string, unknown>) => readReport(report, now);
const problemsOf = (report: Record<string, unknown>) => {
  try {
    return read(report);
  } catch (error) {
    return (error as { fields: { path: string; message: string }[] }).fields.map(({ path }) => path);
  }
};

describe("a report in our own words", () => {
  it("holds several revocations, of every kind", () => {
    const revocations = [
      { token: "opaque-1", expiresAt: 1_800_000_000 },
      { tokenId: "t-1", expiresAt: "2026-06-01T00:00:00+02:00" },
      { consumerKey: "client-1", issuedBefore: 1_700_000_000 },
      { subject: "ada" },
    ];
    const once = { issuedBefore: null };
    expect(read({ revocations })).toEqual([
      { kind: "TOKEN_DIGEST", value: tokenDigest("opaque-1"), ...once, expiresAt: new Date(1_800_000_000_000) },
      { kind: "TOKEN_ID", value: "t-1", ...once, expiresAt: new Date("2026-05-31T22:00:00Z") },
      {
        kind: "CONSUMER_KEY",
        value: "client-1",
        issuedBefore: new Date(1_700_000_000_000),
        expiresAt: inThirtyDays,
      },
      { kind: "SUBJECT", value: "ada", issuedBefore: nextSecond, expiresAt: inThirtyDays },
    ]);
  });

  it("may be one revocation alone; what has long expired by itself is left out, and nothing is kept for ever", () => {
    expect(read({ subject: "ada", expiresAt: 1_600_000_000 })).toEqual([]);
    const [kept] = read({ tokenId: "t-1", expiresAt: 253_402_300_799 });
    expect(kept?.expiresAt).toEqual(new Date(Date.parse("2026-05-02T00:00:00Z") + 3_650 * 86_400_000));
  });

  it("may concern a token that has just expired, which clocks that differ let pass a little longer", () => {
    const expiresAt = new Date(now.getTime() - 10_000);
    expect(read({ tokenId: "t-1", expiresAt: expiresAt.toISOString() })).toMatchObject([{ value: "t-1", expiresAt }]);
  });

  it("says the same when it is sent again the same day", () => {
    const revocations = [{ tokenId: "t-1" }, { token: "opaque-1", expiresAt: 253_402_300_799 }];
    const [once, again] = ["00:00:00.000", "23:59:59.999"].map((time) =>
      readReport({ revocations }, new Date(`2026-05-01T${time}Z`)),
    );
    expect(again).toEqual(once);
  });

  it.each<[Record<string, unknown>, string[]]>([
    [{}, [""]],
    [{ revocations: [] }, ["revocations"]],
    [{ revocations: Array.from({ length: 1_001 }, () => ({ subject: "ada" })) }, ["revocations"]],
    [{ revocations: [{ subject: "ada" }, { subject: "ada", tokenId: "t" }] }, ["revocations.1"]],
    [{ revocations: [{ subject: "" }] }, ["revocations.0.subject"]],
    [{ subject: 7 }, ["subject"]],
    [{ subject: "a\u0000b" }, ["subject"]],
    [{ token: "two words" }, ["token"]],
    [{ tokenId: "t", issuedBefore: 1 }, ["issuedBefore"]],
    [{ subject: "ada", issuedBefore: "yesterday" }, ["issuedBefore"]],
    [{ subject: "ada", issuedBefore: 1e300 }, ["issuedBefore"]],
    [{ subject: "ada", issuedBefore: "2026-05-01T10:11:00Z" }, ["revocations.0.issuedBefore"]],
    [{ subject: "ada", keyManager: "another" }, [""]],
  ])("is refused at the field where it is wrong: %j", (report, paths) => {
    expect(problemsOf(report)).toEqual(paths);
  });
});

describe("typed events", () => {
  const event = { eventId: "e", timeStamp: 1, tenantId: -1234, tenantDomain: "carbon.super" };

  it("name a JWT by its id, and anything else by itself, of which the digest stays", () => {
    const revoked = { ...event, type: "token_revocation", user: "ada", consumerKey: "c" };
    const expiryTime = now.getTime() + 60_000;
    expect(read({ ...revoked, accessToken: "0b7b-1", tokenType: "JWT", expiryTime })).toEqual([
      { kind: "TOKEN_ID", value: "0b7b-1", issuedBefore: null, expiresAt: new Date(expiryTime) },
    ]);
    for (const tokenType of ["Default", "", null, undefined]) {
      expect(read({ ...revoked, accessToken: "0b7b-1", tokenType, expiryTime: String(expiryTime) })).toEqual([
        { kind: "TOKEN_DIGEST", value: tokenDigest("0b7b-1"), issuedBefore: null, expiresAt: new Date(expiryTime) },
      ]);
    }
  });

  it.each([9_223_372_036_854_775_807, 3_600, 0, undefined])(
    "keep a token that ends at %s like one that tells no end",
    (expiryTime) => {
      const revoked = { ...event, type: "token_revocation", accessToken: "0b7b-1", tokenType: "JWT", expiryTime };
      expect(read(revoked)).toMatchObject([{ expiresAt: inThirtyDays }]);
    },
  );

  it("cut off a client or a person at a moment", () => {
    const revocationTime = now.getTime() - 5_000;
    const issuedBefore = new Date(revocationTime);
    const client = { ...event, type: "consumer_app_revocation_event", consumerKey: "c", revocationTime };
    expect(read(client)).toMatchObject([{ kind: "CONSUMER_KEY", value: "c", issuedBefore }]);
    const entity = { ...event, type: "subject_entity_revocation_event", entityId: "x", revocationTime };
    expect(read({ ...entity, entityType: "USER_ID" })).toMatchObject([{ kind: "SUBJECT", value: "x", issuedBefore }]);
    expect(read({ ...entity, entityType: "CLIENT_ID", revocationTime: 0 })).toMatchObject([
      { kind: "CONSUMER_KEY", value: "x", issuedBefore: nextSecond },
    ]);
  });

  it("come several in one envelope", () => {
    const one = (accessToken: string) => ({ ...event, type: "token_revocation", tokenType: "JWT", accessToken });
    expect(read({ consumerKey: "c", tokenRevocationEventList: [one("a"), one("b")] })).toMatchObject([
      { value: "a" },
      { value: "b" },
    ]);
  });

  it.each<[Record<string, unknown>, string[]]>([
    [{ type: "something_else" }, ["type"]],
    [{ type: "token_revocation" }, ["accessToken"]],
    [{ type: "token_revocation", accessToken: "two words" }, ["token"]],
    [{ type: "subject_entity_revocation_event", entityId: "x", entityType: "GROUP" }, ["entityType"]],
  ])("are refused where they are wrong: %j", (report, paths) => {
    expect(problemsOf(report)).toEqual(paths);
  });
});

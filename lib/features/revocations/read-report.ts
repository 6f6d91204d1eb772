import { z } from "zod";
import type { Revoked } from "#lib/data/revocations.ts";
import { longExpired } from "#lib/foundation/clock.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { endOfDay, issuedUntil, keptUntil } from "./moments.ts";
import { readPastedToken } from "./pasted-token.ts";
import {
  EventEnvelope,
  RevocationReport,
  ReportedRevocation,
  TypedEvent,
  type ReportedRevocation as Reported,
} from "./report-contract.ts";

export type Target = Revoked;

/** Clocks of two servers may differ so far. */
const clockDifferenceMs = 10 * 60_000;
/** Longer no revocation is kept. */
const longestDays = 3_650;

/**
 * Reads a report: `{ revocations: [ … ] }`, one revocation alone, or typed events. What has long expired by itself
 * is left out.
 *
 * @param report parsed JSON
 * @throws {AppError} `input.invalid` with every problem at its field
 */
export function readReport(report: Record<string, unknown>, now: Date): Target[] {
  return readRevocations(report, now).flatMap((revocation, index) => targetsOf(revocation, now, index));
}

function readRevocations(report: Record<string, unknown>, now: Date): Reported[] {
  if ("type" in report) return [fromEvent(parse(TypedEvent, report), now)];
  if ("tokenRevocationEventList" in report) {
    const { tokenRevocationEventList: events } = parse(EventEnvelope, report);
    return parse(z.object({ tokenRevocationEventList: z.array(TypedEvent) }), {
      tokenRevocationEventList: events,
    }).tokenRevocationEventList.map((event) => fromEvent(event, now));
  }
  if ("revocations" in report) return parse(RevocationReport, report).revocations;
  return [parse(ReportedRevocation, report)];
}

function fromEvent(event: TypedEvent, now: Date): Reported {
  switch (event.type) {
    case "token_revocation": {
      // Some senders put a span where the moment belongs: then it is kept as long as one that tells nothing.
      const expiresAt = event.expiryTime && event.expiryTime > now ? event.expiryTime : undefined;
      const isId = event.tokenType?.toUpperCase() === "JWT" && !event.accessToken.includes(".");
      // An opaque token must not be stored as if it were an id.
      return parse(ReportedRevocation, {
        [isId ? "tokenId" : "token"]: event.accessToken,
        ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
      });
    }
    case "consumer_app_revocation_event":
      return { consumerKey: event.consumerKey, issuedBefore: event.revocationTime };
    case "subject_entity_revocation_event": {
      const key = event.entityType === "CLIENT_ID" ? "consumerKey" : "subject";
      return { [key]: event.entityId, issuedBefore: event.revocationTime };
    }
  }
}

function targetsOf(revocation: Reported, now: Date, index: number): Target[] {
  const { token, tokenId, consumerKey, subject, issuedBefore } = revocation;
  if (issuedBefore && issuedBefore.getTime() > now.getTime() + clockDifferenceMs) {
    throw new AppError("input.invalid", {
      fields: [
        {
          path: `revocations.${String(index)}.issuedBefore`,
          message: "This moment is still to come. Use the moment at which the tokens were revoked.",
        },
      ],
    });
  }
  const read = token === undefined ? null : readPastedToken(token);
  // A report that is sent again the same day says the same, and changes nothing.
  const today = endOfDay(now);
  const latest = keptUntil(today, longestDays);
  const told = revocation.expiresAt ?? read?.expiresAt ?? keptUntil(today);
  const expiresAt = told < latest ? told : latest;
  if (expiresAt <= longExpired(now)) return [];
  if (read) return read.marks.map((mark) => ({ ...mark, issuedBefore: null, expiresAt }));
  if (tokenId !== undefined) return [{ kind: "TOKEN_ID", value: tokenId, issuedBefore: null, expiresAt }];
  const [kind, value] =
    consumerKey === undefined ? (["SUBJECT", subject ?? ""] as const) : (["CONSUMER_KEY", consumerKey] as const);
  return [{ kind, value, issuedBefore: issuedBefore ?? issuedUntil(now), expiresAt }];
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  throw new AppError("input.invalid", { fields });
}

/** What an authorization server reports. Hostile until it is parsed here. */
import { z } from "zod";
import { exactText } from "#lib/foundation/text.ts";
import { valueProblem } from "./contract.ts";

/** Revocations in one report. */
export const maximumReported = 1_000;

const identifier = (name: string) => exactText(1_024).min(1, `${name} is empty. Leave it out or give it a value.`);

/** Seconds since the epoch (RFC 7519 §2), or an ISO 8601 text with an offset. */
const moment = z.union(
  [
    z
      .number()
      .min(0)
      // Year 9999: beyond, no database has a moment.
      .max(253_402_300_799)
      .transform((seconds) => new Date(seconds * 1_000)),
    z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  ],
  "Use seconds since 1970, or an ISO 8601 moment such as 2030-01-31T12:00:00Z.",
);

const things = ["token", "tokenId", "consumerKey", "subject"] as const;

/** One revocation in our own words. */
export const ReportedRevocation = z
  .strictObject({
    token: z.string().optional(),
    tokenId: identifier("tokenId").optional(),
    consumerKey: identifier("consumerKey").optional(),
    subject: identifier("subject").optional(),
    issuedBefore: moment.optional(),
    expiresAt: moment.optional(),
  })
  .superRefine((given, context) => {
    const named = things.filter((thing) => given[thing] !== undefined);
    if (named.length !== 1) {
      context.addIssue({ code: "custom", message: `Name exactly one of ${things.join(", ")}.` });
    }
    const message = given.token === undefined ? null : valueProblem("TOKEN", given.token);
    if (message !== null) context.addIssue({ code: "custom", path: ["token"], message });
    if (given.issuedBefore && (given.token !== undefined || given.tokenId !== undefined)) {
      const path = ["issuedBefore"];
      context.addIssue({ code: "custom", path, message: "Leave it out: one token is revoked whenever it was issued." });
    }
  });
export type ReportedRevocation = z.output<typeof ReportedRevocation>;

/** Milliseconds since the epoch, of which some senders make a text, and 0 or the largest number for none. */
const milliseconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,19}$/)
      .transform(Number),
  ])
  .optional()
  .transform((value) => (value && value < 253_402_300_799_000 ? new Date(value) : undefined));

/**
 * An event of the notification add-ons of servers that hold what they issue under an id: a JWT by its `jti`, an opaque
 * token by itself. They tell more than is needed here.
 */
export const TypedEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("token_revocation"),
    accessToken: z.string(),
    tokenType: z.string().nullish(),
    expiryTime: milliseconds,
  }),
  z.object({
    type: z.literal("consumer_app_revocation_event"),
    consumerKey: identifier("consumerKey"),
    revocationTime: milliseconds,
  }),
  z.object({
    type: z.literal("subject_entity_revocation_event"),
    entityId: identifier("entityId"),
    entityType: z.enum(["CLIENT_ID", "USER_ID"], "Use CLIENT_ID or USER_ID."),
    revocationTime: milliseconds,
  }),
]);
export type TypedEvent = z.output<typeof TypedEvent>;

/** Several events in one envelope. */
export const EventEnvelope = z.object({ tokenRevocationEventList: z.array(z.unknown()).max(maximumReported) });

export const RevocationReport = z.strictObject({
  revocations: z
    .array(ReportedRevocation)
    .min(1, "Report at least one revocation.")
    .max(maximumReported, `Report at most ${String(maximumReported)} revocations at a time.`),
});

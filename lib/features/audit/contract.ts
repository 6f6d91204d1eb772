import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";
import { searchText, text } from "#lib/foundation/text.ts";

/** A day of the calendar, UTC. PostgreSQL has no year 0, and the day after the last of 9999 has a longer form. */
const DayInput = z.iso
  .date()
  .refine((day) => day >= "0001-01-01" && day < "9999-01-01", { error: "Use a year from 1 to 9998." });

/** Most characters of a search. */
export const searchLength = 120;
export const ListAuditInput = z.strictObject({
  cursor: CursorInput,
  search: searchText(searchLength),
  action: z
    .string()
    .max(80)
    .regex(/^[a-z_]+\.[a-z_]+$/)
    .optional(),
  actor: z.uuid().optional(),
  subject: text(200).optional(),
  /** First day, UTC. */
  from: DayInput.optional(),
  /** Last day, UTC, the whole of it. */
  until: DayInput.optional(),
});
export type ListAuditInput = z.input<typeof ListAuditInput>;

/** One field that an event touched, as text to compare. */
export type AuditChange = { field: string; before: string | null; after: string | null };

export type AuditEventView = {
  id: string;
  at: string;
  actor: { id: string | null; name: string };
  action: string;
  /** The action in plain words: "Ada Lovelace registered the key manager Keycloak". */
  sentence: string;
  subject: { type: string; id: string; name: string };
  changes: AuditChange[];
  requestId: string;
};

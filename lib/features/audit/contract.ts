import { z } from "zod";
import { searchText, text } from "#lib/foundation/text.ts";

/** A day of the calendar, UTC. */
const DayInput = z.iso.date();

/** Most characters of a search. */
export const searchLength = 120;
export const ListAuditInput = z.strictObject({
  cursor: z.string().max(500).optional(),
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

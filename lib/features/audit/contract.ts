import { z } from "zod";

/** A day of the calendar, UTC. */
const DayInput = z.iso.date();

export const ListAuditInput = z.strictObject({
  cursor: z.string().max(500).optional(),
  search: z.string().trim().max(120).optional(),
  action: z
    .string()
    .max(80)
    .regex(/^[a-z_]+\.[a-z_]+$/)
    .optional(),
  actor: z.uuid().optional(),
  subject: z.string().max(200).optional(),
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

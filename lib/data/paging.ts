import { z } from "zod";

/** A page of a list: rows in order, and where the next page begins (null at the end). */
export type Page<T> = { items: T[]; nextCursor: string | null };

/** The position after which a page begins, newest first: creation time and id of the last row seen. */
export type Position = { at: Date; id: string };

/** No row is older than the epoch, and PostgreSQL has no year 0, which ISO 8601 has. */
const moment = z.iso
  .datetime()
  .transform((at) => new Date(at))
  .refine((at) => at.getTime() >= 0);
const cursorShape = z.tuple([moment, z.uuid()]);

/** Reads a cursor that came back from a browser; null (the first page) where it is not one of ours. */
export function readCursor(cursor: string | undefined | null): Position | null {
  if (!cursor) return null;
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return null;
  }
  const result = cursorShape.safeParse(json);
  return result.success ? { at: result.data[0], id: result.data[1] } : null;
}

function writeCursor({ at, id }: Position): string {
  return Buffer.from(JSON.stringify([at.toISOString(), id])).toString("base64url");
}

/**
 * Filter for rows after a position, newest first. The bound on the first column alone lets the index
 * be entered at the right place; the OR alone would scan.
 */
export function afterPosition(position: Position | null) {
  if (!position) return {};
  const { at, id } = position;
  return {
    createdAt: { lte: at },
    OR: [{ createdAt: { lt: at } }, { createdAt: at, id: { lt: id } }],
  };
}

/**
 * Cuts a page from `limit + 1` rows: the extra row only tells that there is more.
 *
 * @param rows at most limit + 1 rows, newest first
 */
export function toPage<Row extends { createdAt: Date; id: string }, T>(
  rows: Row[],
  limit: number,
  toItem: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last ? writeCursor({ at: last.createdAt, id: last.id }) : null,
  };
}

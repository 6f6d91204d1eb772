/** Where a page of a list begins, as it comes back in an address. Runs in browsers too. */
import { z } from "zod";

/** Longer than any position that a list gives out. */
const longest = 500;

/**
 * The field of a list's input that says where the page begins. Anybody may write into an address, so it takes anything:
 * what no list could have given out (the base64url of a position, the name of a scope by RFC 6749 §3.3, the address of
 * a tenant) is no cursor, and the list begins at its first page.
 */
export const CursorInput = z
  .string()
  .max(longest)
  .regex(/^[\x21-\x7e]+$/)
  .nullish()
  .transform((cursor) => cursor ?? undefined)
  .catch(undefined);

import "server-only";
import { notFound } from "next/navigation";
import { isAppError } from "#lib/foundation/errors.ts";

/** Shows the page for what does not exist where a query says so, or was asked with an id that is none. */
export async function orNotFound<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    if (isAppError(error) && (error.status === 404 || error.fields.some(({ path }) => path === "id"))) notFound();
    throw error;
  }
}

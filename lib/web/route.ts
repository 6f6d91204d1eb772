import "server-only";
import type { z } from "zod";
import { contextOf } from "#lib/features/identity/session.ts";
import type { Verb } from "#lib/features/verb.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { runtime } from "#lib/runtime.ts";
import { statusOf, toProblem } from "./problem.ts";
import { requestId } from "./request.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { currentSession } from "./session.ts";

type Parameters = { params: Promise<Record<string, string | string[]>> };
type Handler = (request: Request, context: Parameters) => Promise<Response>;

const noStore = { "cache-control": "no-store" };

/**
 * Makes a route handler of a verb, for the portal's own pages. A read takes its input from the address, a
 * change from a JSON body; both get the route's parameters besides.
 */
export function defineRoute<I extends z.ZodType, O>(
  verb: Verb<I, O>,
  options: { respond?: (output: O) => Response } = {},
): Handler {
  return (request, { params }) =>
    respond(async ({ context }) => {
      const input = { ...(await readInput(request)), ...(await params) };
      // The verb parses its input: a request's shape is unknown by nature.
      const output = await verb(context, input as z.input<I>);
      return options.respond?.(output) ?? Response.json(output ?? null, { headers: noStore });
    }, request);
}

type Admitted = { context: NonNullable<ReturnType<typeof contextOf>> };

async function respond(work: (admitted: Admitted) => Promise<Response>, request: Request): Promise<Response> {
  const { deps } = runtime();
  const id = await requestId();
  try {
    if (!isRead(request)) requireSameOrigin(request.headers, deps.origin);
    const session = await currentSession();
    if (!session) throw new AppError("auth.required");
    const context = contextOf(session, { requestId: id, deps });
    if (!context) throw new AppError("auth.forbidden", { message: "You belong to no active tenant." });
    return await work({ context });
  } catch (error) {
    return problemResponse(error, id);
  }
}

/** The answer to a thrown thing: the problem as JSON, with its status and, where known, when to come back. */
export function problemResponse(error: unknown, id: string): Response {
  const problem = toProblem(error, { log: runtime().deps.log, requestId: id });
  const retry = problem.retryAfterSeconds;
  return Response.json(problem, {
    status: statusOf(problem),
    headers: { ...noStore, ...(retry === undefined ? {} : { "retry-after": String(Math.ceil(retry)) }) },
  });
}

function isRead(request: Request): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

async function readInput(request: Request): Promise<Record<string, unknown>> {
  if (isRead(request)) return Object.fromEntries(new URL(request.url).searchParams);
  if (request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    throw new AppError("input.invalid", { message: "Send JSON, with the content type application/json." });
  }
  const body: unknown = await request.json().catch(() => null);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new AppError("input.invalid", { message: "Send one JSON object." });
  }
  return body as Record<string, unknown>;
}

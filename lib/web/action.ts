import "server-only";
import { revalidatePath } from "next/cache";
import { headers } from "next/headers";
import { unstable_rethrow } from "next/navigation";
import type { z } from "zod";

import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { Dependencies } from "#lib/features/context.ts";
import { actorOf, contextOf, type LiveSession } from "#lib/features/identity/session.ts";
import type { OperatorVerb, Verb } from "#lib/features/verb.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { runtime } from "#lib/runtime.ts";
import { toProblem } from "./problem.ts";
import { requestId } from "./request.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { currentSession } from "./session.ts";

type Options<I extends z.ZodType, O> = {
  /** Paths whose pages show what this action changes. */
  revalidate?: (output: O, input: z.input<I>) => string[];
};

/**
 * Makes a server action of a verb. An action is a public endpoint of its own: it checks where the request
 * came from, who sent it and (in the verb) whether they may, whatever page it was called from.
 */
export function defineAction<I extends z.ZodType, O>(
  verb: Verb<I, O>,
  options: Options<I, O> = {},
): (input: z.input<I>) => Promise<ActionResult<O>> {
  return (input) =>
    answer(async (session, request) => {
      const context = contextOf(session, request);
      if (!context) throw new AppError("auth.forbidden", { message: "You belong to no active tenant." });
      const output = await verb(context, input);
      for (const path of options.revalidate?.(output, input) ?? []) revalidatePath(path);
      return output;
    });
}

/** Makes a server action of an operator's verb. */
export function defineOperatorAction<I extends z.ZodType, O>(
  verb: OperatorVerb<I, O>,
  options: Options<I, O> = {},
): (input: z.input<I>) => Promise<ActionResult<O>> {
  return (input) =>
    answer(async (session, request) => {
      const output = await verb({ actor: actorOf(session), ...request }, input);
      for (const path of options.revalidate?.(output, input) ?? []) revalidatePath(path);
      return output;
    });
}

/** What an action about the signed-in person's own affairs runs with. */
export type PersonalRequest = { requestId: string; deps: Dependencies };

/** Makes a server action about the signed-in person's own affairs, which need no tenant and no permission. */
export function definePersonalAction<Arguments extends unknown[], O>(
  run: (session: LiveSession, request: PersonalRequest, ...input: Arguments) => Promise<O>,
): (...input: Arguments) => Promise<ActionResult<O>> {
  return (...input) => answer((session, request) => run(session, request, ...input));
}

/** Makes a server action that anybody may call, such as using a one-time link. */
export function definePublicAction<Arguments extends unknown[], O>(
  run: (request: PersonalRequest, ...input: Arguments) => Promise<O>,
): (...input: Arguments) => Promise<ActionResult<O>> {
  return (...input) => guarded((request) => run(request, ...input));
}

function answer<O>(work: (session: LiveSession, request: PersonalRequest) => Promise<O>): Promise<ActionResult<O>> {
  return guarded(async (request) => {
    const session = await currentSession();
    if (!session) throw new AppError("auth.required");
    return work(session, request);
  });
}

async function guarded<O>(work: (request: PersonalRequest) => Promise<O>): Promise<ActionResult<O>> {
  const { deps } = runtime();
  const request = { requestId: await requestId(), deps };
  try {
    requireSameOrigin(await headers(), deps.origin);
    return { ok: true, value: await work(request) };
  } catch (error) {
    // Redirects and the like are thrown by the framework and must reach it.
    unstable_rethrow(error);
    return { ok: false, problem: toProblem(error, { log: deps.log, requestId: request.requestId }) };
  }
}

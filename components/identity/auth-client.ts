/** Calls of the browser to the sign-in endpoints. */
import { z } from "zod";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { FederationPurposeInput } from "#lib/features/identity-providers/contract.ts";

const Csrf = z.object({ csrfToken: z.string() });
const Destination = z.object({ url: z.string() });
const Problem = z.object({
  code: z.string(),
  message: z.string(),
  fields: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
  retryAfterSeconds: z.number().optional(),
  errorId: z.string().optional(),
});

/**
 * Posts to one of the sign-in endpoints.
 *
 * @param endpoint "callback/password", or "signin/" and the id of an identity provider
 * @returns where to go next, or why not
 */
export async function postToAuth(
  endpoint: string,
  values: Record<string, string>,
): Promise<ActionResult<{ url: string }>> {
  const { csrfToken } = Csrf.parse(await (await fetch("/api/auth/csrf", { cache: "no-store" })).json());
  const response = await fetch(`/api/auth/${endpoint}`, {
    method: "POST",
    body: new URLSearchParams({ ...values, csrfToken, json: "true" }),
  });
  const answer: unknown = await response.json();
  if (response.ok) return { ok: true, value: Destination.parse(answer) };
  const { retryAfterSeconds, errorId, ...problem } = Problem.parse(answer);
  return {
    ok: false,
    problem: {
      ...problem,
      ...(retryAfterSeconds === undefined
        ? {}
        : { retryAfterSeconds, message: withWait(problem.message, retryAfterSeconds) }),
      ...(errorId === undefined ? {} : { errorId }),
    },
  };
}

/**
 * Sets out to an identity provider.
 *
 * @param errand what for, and the path of this portal to come back to
 * @returns the provider's address to go to, or why not
 */
export async function setOutTo(
  providerId: string,
  { returnTo, ...purpose }: FederationPurposeInput & { returnTo: string },
): Promise<ActionResult<{ url: string }>> {
  return postToAuth(`signin/${providerId}`, { ...purpose, callbackUrl: returnTo });
}

function withWait(message: string, seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const wait = seconds < 90 ? `${String(seconds)} seconds` : `${String(minutes)} minutes`;
  return `${message} The next attempt is possible in ${wait}.`;
}

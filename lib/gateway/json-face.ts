import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { ValidationRequest } from "#lib/token-validation/validator.ts";
import { refuse, type Verdict } from "#lib/token-validation/verdict.ts";
import { answerJson, readBody } from "./answer.ts";
import { hasTokenInQuery } from "./bearer.ts";
import { challengeOf } from "./challenge.ts";

const maximumBodyBytes = 64 * 1024;
const address = z
  .string()
  .max(8_192, "Use at most 8192 characters.")
  .regex(/^(\/|$)/, "Begin with a slash.");

/** What a gateway asks. It names the API and the path inside it, or the whole path that it received. */
const Question = z
  .strictObject({
    /** Leave it out where the caller sent none: the verdict then says so. */
    token: z.string().optional(),
    method: z.string().regex(/^[A-Za-z]{1,20}$/, "Use an HTTP method, such as GET."),
    api: z.strictObject({ context: z.string().max(200), version: z.string().max(60) }).optional(),
    path: address.optional(),
    requestPath: address.optional(),
  })
  .refine(
    ({ api, path, requestPath }) => (requestPath === undefined) === (api !== undefined && path !== undefined),
    "Send either api and path, or requestPath alone.",
  );

/** Judges one question of a gateway that proved itself; sends the answer. */
export async function answerQuestion(
  req: IncomingMessage,
  res: ServerResponse,
  { tenantId, validate }: { tenantId: TenantId; validate: (request: ValidationRequest) => Promise<Verdict> },
): Promise<void> {
  const body = await readBody(req, maximumBodyBytes);
  if (body === null) {
    const message = `The question is larger than ${maximumBodyBytes} bytes.`;
    return answerJson(res, 413, { body: { code: "input.invalid", message }, headers: { Connection: "close" } });
  }
  const question = Question.safeParse(parseJson(body));
  if (!question.success) {
    const fields = question.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    return answerJson(res, 400, { body: { code: "input.invalid", message: "The question is not usable.", fields } });
  }
  answerVerdict(res, await judge(question.data, { tenantId, validate }));
}

function judge(
  { token, method, api, path, requestPath }: z.output<typeof Question>,
  { tenantId, validate }: { tenantId: TenantId; validate: (request: ValidationRequest) => Promise<Verdict> },
): Verdict | Promise<Verdict> {
  if (hasTokenInQuery(requestPath ?? path ?? "")) return refuse("token_in_query");
  const target = requestPath === undefined ? { api: api ?? nowhere, path: path ?? "" } : { requestPath };
  return validate({ tenantId, token, method: method.toUpperCase(), target });
}

const nowhere = { context: "", version: "" };

/** A verdict is an answer, allowed or not; only where there is none yet, the status says so. */
function answerVerdict(res: ServerResponse, verdict: Verdict): void {
  if (verdict.allowed) return answerJson(res, 200, { body: verdict });
  const body = { ...verdict, wwwAuthenticate: challengeOf(verdict) };
  if (verdict.retryAfterSeconds === undefined) return answerJson(res, 200, { body });
  return answerJson(res, 503, { body, headers: { "Retry-After": String(verdict.retryAfterSeconds) } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the schema's refusal says what is expected.
    return undefined;
  }
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { DpopProof } from "#lib/token-validation/caller-proof.ts";
import { refuse, type Verdict } from "#lib/token-validation/verdict.ts";
import { answerJson, readBody } from "./answer.ts";
import type { Asking } from "./call.ts";
import { hasTokenInQuery } from "./bearer.ts";
import { challengeOf } from "./challenge.ts";
import { httpMethod } from "./http-method.ts";
import { operationsOf } from "./graphql-operations.ts";

/** The longest token that is looked at, its address and what stands around them. */
const maximumQuestionBytes = 64 * 1024;
/** As many questions as one batch may hold, and what they may weigh together. */
export const maximumQuestions = 100;
const maximumBatchBytes = 2 * 1024 * 1024;
/** As much as Node takes in the headers of a call: what other faces can ask about, this one can. */
const maximumAddressCharacters = 16_384;
const address = z
  .string()
  .max(maximumAddressCharacters, `Use at most ${maximumAddressCharacters} characters.`)
  .regex(/^(\/|$)/, "Begin with a slash.");

const operation = z
  .string()
  .regex(/^(QUERY|MUTATION|SUBSCRIPTION) [_A-Za-z][_0-9A-Za-z]*$/, "Use a type and a field, such as QUERY orders.");

/** A GraphQL request as its caller sent it; read into what it touches. */
const graphqlRequest = z
  .looseObject({ query: z.string(), operationName: z.string().nullish() })
  .transform(({ query, operationName }, context) => {
    try {
      return operationsOf(query, operationName);
    } catch (error) {
      context.addIssue({ code: "custom", path: ["query"], message: error instanceof Error ? error.message : "" });
      return z.NEVER;
    }
  });

/** What a gateway asks. It names the API and the path inside it, or the whole path that it received. */
const Question = z
  .strictObject({
    /** Leave it out where the caller sent none: the verdict then says so. */
    token: z.string().optional(),
    method: z.string().regex(httpMethod, "Use an HTTP method, such as GET."),
    /** Only where the caller sent the token as `Authorization: DPoP`: its `DPoP` header, and the address that it called. */
    dpop: z
      .strictObject({ proof: z.string().optional(), url: z.string().max(maximumAddressCharacters).optional() })
      .optional(),
    /** The certificate of the caller's TLS handshake, or its SHA-256 thumbprint. */
    clientCertificate: z.string().max(16_384, "Use at most 16384 characters.").optional(),
    /** What a GraphQL request touches at the root of the schema, such as "QUERY orders"; or the request itself. */
    operations: z.array(operation).max(1_000, "Name at most 1000 operations.").optional(),
    graphql: graphqlRequest.optional(),
    api: z.strictObject({ context: z.string().max(200), version: z.string().max(60) }).optional(),
    path: address.optional(),
    requestPath: address.optional(),
  })
  .refine(
    ({ api, path, requestPath }) => (requestPath === undefined) === (api !== undefined && path !== undefined),
    "Send either api and path, or requestPath alone.",
  )
  .refine(({ operations, graphql }) => !operations || !graphql, "Send either operations or graphql.");

/** Questions are read one by one: a bad one must not spoil the others. */
const Batch = z.strictObject({
  questions: z
    .array(z.unknown())
    .min(1, "Ask at least one question.")
    .max(maximumQuestions, `Ask at most ${maximumQuestions} questions at a time.`),
});

/** Judges one question of a gateway that proved itself; sends the answer. */
export async function answerQuestion(req: IncomingMessage, res: ServerResponse, asking: Asking): Promise<void> {
  const question = await readJson(req, res, { schema: Question, maximumBytes: maximumQuestionBytes });
  if (question) answerVerdict(res, await judge(question, asking));
}

/**
 * Judges several questions of a gateway that proved itself; sends one verdict for each, in the same order. What is no
 * question is answered in its place with `allowed: false`, the status 400 and the fields that are wrong.
 */
export async function answerBatch(req: IncomingMessage, res: ServerResponse, asking: Asking): Promise<void> {
  const batch = await readJson(req, res, { schema: Batch, maximumBytes: maximumBatchBytes });
  if (!batch) return;
  const verdicts = await Promise.all(
    batch.questions.map(async (given) => {
      const question = Question.safeParse(given);
      if (!question.success) return { allowed: false, status: 400, ...complaint(question.error) };
      return bodyOf(await judge(question.data, asking));
    }),
  );
  answerJson(res, 200, { body: { verdicts } });
}

/** Reads a body; where it is not usable, says why and gives null. */
async function readJson<T>(
  req: IncomingMessage,
  res: ServerResponse,
  { schema, maximumBytes }: { schema: z.ZodType<T>; maximumBytes: number },
): Promise<T | null> {
  const body = await readBody(req, maximumBytes);
  if (body === null) {
    const message = `The question is larger than ${maximumBytes} bytes.`;
    answerJson(res, 413, { body: { code: "input.invalid", message }, headers: { Connection: "close" } });
    return null;
  }
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  answerJson(res, 400, { body: complaint(parsed.error) });
  return null;
}

function complaint({ issues }: z.ZodError) {
  const fields = issues.map(({ path, message }) => ({ path: path.join("."), message }));
  return { code: "input.invalid", message: "The question is not usable.", fields };
}

function judge(
  { token, method, api, path, requestPath, dpop, clientCertificate, operations, graphql }: z.output<typeof Question>,
  { tenantId, validate }: Asking,
): Verdict | Promise<Verdict> {
  if (hasTokenInQuery(requestPath ?? path ?? "")) return refuse("token_in_query");
  const target = requestPath === undefined ? { api: api ?? nowhere, path: path ?? "" } : { requestPath };
  const proof = dpop || clientCertificate ? { dpop: dpop && dpopOf(dpop), certificate: clientCertificate } : undefined;
  return validate({ tenantId, token, method, target, proof, operations: operations ?? graphql });
}

function dpopOf({ proof, url }: NonNullable<z.output<typeof Question>["dpop"]>): DpopProof {
  return { proof, url };
}

const nowhere = { context: "", version: "" };

/** A verdict is an answer, allowed or not; only where there is none yet, the status says so. */
function answerVerdict(res: ServerResponse, verdict: Verdict): void {
  const isForNow = !verdict.allowed && verdict.retryAfterSeconds !== undefined;
  const headers = isForNow ? { "Retry-After": String(verdict.retryAfterSeconds) } : undefined;
  answerJson(res, isForNow ? 503 : 200, { body: bodyOf(verdict), headers });
}

/** A refusal comes with the challenge for the caller. */
function bodyOf(verdict: Verdict) {
  return verdict.allowed ? verdict : { ...verdict, wwwAuthenticate: challengeOf(verdict) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the schema's refusal says what is expected.
    return undefined;
  }
}

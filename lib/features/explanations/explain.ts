import { actorId } from "../context.ts";
import { defineInquiry } from "../verb.ts";
import { ExplainCallInput, type CallExplanation } from "./contract.ts";

/**
 * Why a call would be refused, or that it would not: every check with what it asks for and what it sees. The key manager
 * may be asked; nothing is changed or stored, so it leaves no audit row.
 *
 * @throws {AppError} `limit.exceeded`
 */
export const explainCall = defineInquiry({
  action: "call.explain",
  permission: "call:explain",
  input: ExplainCallInput,
  async run({ deps, tenant, actor }, { operations, ...call }): Promise<CallExplanation> {
    await deps.probeLimiter.admit("explanation", actorId(actor) ?? actor.name);
    return deps.explainCall(tenant.id, { ...call, operations: operations.length > 0 ? operations : undefined });
  },
});

/** Tokens of every kind of key manager, as the decision table has them, changed by somebody who holds no key. */
import { beforeAll, expect, it } from "vitest";
import { isIntrospected, readDecisionTable } from "#tooling/testing/decision-table.ts";
import { decisionWorld, type DecisionWorld } from "#tooling/testing/decision-world.ts";
import { expectRefused, isRefusedForGood, mutation, textMutation } from "#tooling/testing/mutations.ts";

const { world, shapes, cases } = readDecisionTable();
/** What shapes differ in is the token: the case that changes nothing. */
const good = cases.filter(({ change }) => Object.keys(change).length === 0);

let made: DecisionWorld;
beforeAll(async () => {
  made = await decisionWorld({ world, shapes, cases: good });
});

it.for(shapes)("never pass, out of five thousand: $what", { timeout: 60_000 }, async (shape) => {
  const prepared = made.cases.find((one) => one.shape === shape);
  if (prepared?.token === undefined) throw new Error(`There is no good token of ${shape.id}.`);
  const validate = (token: string) => made.validator.validate(made.requestOf({ ...prepared, token, proof: undefined }));
  // Whatever is remembered of the good one must help none of its copies.
  expect(await validate(prepared.token)).toMatchObject({ allowed: true });
  const looked = await expectRefused(prepared.token, {
    by: isIntrospected(shape) && shape.token !== "signed" ? textMutation : mutation,
    times: 5_500,
    refuses: async (mutated) => isRefusedForGood(await validate(mutated)),
  });
  expect(looked).toBeGreaterThanOrEqual(5_000);
  expect(await validate(prepared.token)).toMatchObject({ allowed: true });
});

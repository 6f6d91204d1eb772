/**
 * The decision table (tooling/testing/decision-table) against the core, and through every face: all say the same. A face that
 * cannot say something, such as the operations of a GraphQL call, must say what the core says of the call without it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectors } from "#connectors/registry.ts";
import { refusals, type Reason } from "#lib/token-validation/verdict.ts";
import { readDecisionTable } from "#tooling/testing/decision-table.ts";
import { decisionWorld, type DecisionWorld, type PreparedCase } from "#tooling/testing/decision-world.ts";
import {
  answerOf,
  faceNames,
  serveFaces,
  type Face,
  type FaceAnswer,
  type FaceQuestion,
  type ServedFaces,
} from "#tooling/testing/faces.ts";

const table = readDecisionTable();
let world: DecisionWorld;
let served: ServedFaces;

beforeAll(async () => {
  world = await decisionWorld(table);
  served = await serveFaces(world.validator);
}, 60_000);
afterAll(() => served.stop());

/** The first tell enough. */
const expectNone = (wrong: readonly string[]) => expect(wrong.slice(0, 20)).toEqual([]);
const wordOf = (answer: FaceAnswer) => (answer.allowed ? "allowed" : answer.reason);

/** The header, and a token in the address, are read by faces before the core is asked. */
const isForFaces = ({ authorization, expected }: PreparedCase) =>
  authorization !== undefined || expected === "token_in_query";

function questionOf(prepared: PreparedCase): FaceQuestion {
  return { ...prepared, proof: prepared.isDpop ? prepared.prove() : undefined };
}

async function judge(question: FaceQuestion, { isTwice = false } = {}): Promise<FaceAnswer> {
  const request = world.requestOf(question);
  if (isTwice) await world.validator.validate(request);
  return answerOf(await world.validator.validate(request));
}

describe("the table", () => {
  it("has more than 400 cases, each once, for every kind of key manager that there is", () => {
    expect(table.cases.length).toBeGreaterThan(400);
    expect(new Set(table.cases.map(({ name }) => name)).size).toBe(table.cases.length);
    const kinds = new Set(table.cases.map(({ shape }) => shape.connector));
    expect([...kinds].toSorted()).toEqual(connectors.map(({ id }) => id).toSorted());
  });

  it("has a case for every reason", () => {
    const expected = new Set(table.cases.map((one) => one.expected));
    expect((Object.keys(refusals) as Reason[]).filter((reason) => !expected.has(reason))).toEqual([]);
  });
});

it("the core decides every case as the table says, and shows no token to a second key manager", async () => {
  const wrong: string[] = [];
  for (const prepared of world.cases) {
    if (isForFaces(prepared)) continue;
    const seen = wordOf(await judge(questionOf(prepared), prepared));
    if (seen !== prepared.expected) wrong.push(`${prepared.name}: ${seen}, not ${prepared.expected}`);
  }
  expectNone(wrong);
  expectNone([...world.shownTo].filter(([, keyManagers]) => keyManagers.size > 1).map(([place]) => place));
}, 60_000);

describe.for(faceNames)("%s", (name) => {
  it("says of every case what the core says", async () => {
    const face = served.faces.find((one) => one.name === name) as Face;
    const cases = world.cases.filter((prepared) => face.carries(questionOf(prepared)));
    expect(cases.length).toBeGreaterThan(0.98 * world.cases.length);
    const questions = cases.map(questionOf);
    await face.askAll(questions.filter((_question, at) => cases[at]?.isTwice));
    const answers = await face.askAll(questions);
    const wrong: string[] = [];
    for (const [at, prepared] of cases.entries()) {
      const seen = answers[at] as FaceAnswer;
      const difference = await differenceOf(prepared, seen, face);
      if (difference !== null) wrong.push(`${prepared.name}: ${difference}`);
    }
    expectNone(wrong);
  }, 60_000);
});

/** How an answer of a face differs from what it should be, or null. */
async function differenceOf(prepared: PreparedCase, seen: FaceAnswer, face: Face): Promise<string | null> {
  if (isForFaces(prepared) || face.isBodiless(prepared)) {
    const word = face.isBodiless(prepared) ? statusOf(prepared.expected) : prepared.expected;
    const said = face.isBodiless(prepared) ? (seen.allowed ? 200 : seen.status) : wordOf(seen);
    return said === word ? null : `${said}, not ${word}`;
  }
  const isSilent = prepared.operations !== undefined && !face.saysOperations;
  const question = questionOf(isSilent ? { ...prepared, operations: undefined } : prepared);
  const meant = JSON.stringify(await judge(question, prepared));
  const said = JSON.stringify(seen);
  return said === meant ? null : `${said}, not ${meant}`;
}

const statusOf = (word: PreparedCase["expected"]) => (word === "allowed" ? 200 : refusals[word].status);

/** What is wrong with a call, and says nothing about its token. */
const aboutCall: ReadonlySet<string> = new Set<Reason>([
  "api_unknown",
  "resource_unknown",
  "operations_unknown",
  "scope_missing",
  "audience_refused",
  "key_manager_not_accepted",
  "consumer_key_unknown",
  "not_subscribed",
  "subscription_blocked",
  "subscription_production_blocked",
  "subscription_inactive",
  "token_in_query",
  // Whoever asks must hold the caller to what the token is bound to: the answer names it.
  "certificate_missing",
  "certificate_mismatch",
  "dpop_required",
  "dpop_unbound",
  "dpop_address_unknown",
  "dpop_proof_missing",
  "dpop_proof_invalid",
  "dpop_proof_foreign",
  "dpop_proof_untimely",
  "dpop_proof_mismatch",
  "dpop_proof_replayed",
]);

describe("introspection (RFC 7662)", () => {
  type Reply = Awaited<ReturnType<ServedFaces["introspect"]>>[number];
  const asked = () => world.cases.filter((one) => one.token !== undefined && one.authorization === undefined);
  const stateOf = ({ status, body }: Reply) => (status === 200 ? body["active"] : status);

  it("calls a token active where nothing is wrong with the token itself, and cannot say where nobody can", async () => {
    const wrong: string[] = [];
    const cases = asked();
    const replies = await served.introspect(cases.map(({ tenantId, token = "" }) => ({ tenantId, token })));
    for (const [at, { name, expected, isActive }] of cases.entries()) {
      const isFine = isActive ?? (expected === "allowed" || aboutCall.has(expected));
      const meant = expected === "unavailable" && !isFine ? 503 : isFine;
      const seen = stateOf(replies[at] as Reply);
      if (seen !== meant) wrong.push(`${name}: ${String(seen)}, not ${meant}`);
    }
    expectNone(wrong);
  }, 60_000);

  it("calls it active for a call where the core allows that call to a bearer, and names the same client", async () => {
    const wrong: string[] = [];
    // A form holds neither proof nor certificate nor operations.
    const bare = { proof: undefined, isDpop: false, certificate: undefined, operations: undefined };
    const cases = asked();
    const questions = cases.map(({ tenantId, token = "", method, path }) => ({ tenantId, token, method, path }));
    const replies = await served.introspect(questions);
    for (const [at, prepared] of cases.entries()) {
      const core = await judge({ ...prepared, ...bare });
      const isAllowed = core.allowed && prepared.expected !== "token_in_query";
      const meant = isAllowed ? true : wordOf(core) === "unavailable" ? 503 : false;
      const reply = replies[at] as Reply;
      const { client_id: client = null, sub = null } = reply.body;
      const isSame = !isAllowed || (client === core.who["consumerKey"] && sub === core.who["subject"]);
      if (stateOf(reply) !== meant || !isSame) wrong.push(`${prepared.name}: ${JSON.stringify(reply)}, not ${meant}`);
    }
    expectNone(wrong);
  }, 60_000);
});

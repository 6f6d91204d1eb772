/** Ways to change a token without holding the key. */
import fc from "fast-check";
import type { Verdict } from "#lib/token-validation/verdict.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;

const texts = [
  fc.record({ kind: fc.constant("character" as const), at: fc.nat(), by: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant("remove" as const), at: fc.nat() }),
  fc.record({
    kind: fc.constant("insert" as const),
    at: fc.nat(),
    text: fc.constantFrom(".", "=", "A", " ", "\n", "\0", "é", "%3D"),
  }),
];

const claimNames =
  "iss sub aud exp nbf iat jti scope scp roles permissions client_id azp cid appid application typ token_use tokenName cnf htm htu ath";

const parts = [
  fc.record({
    kind: fc.constant("claim" as const),
    name: fc.constantFrom(...claimNames.split(" ")),
    value: fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.constant(9_999_999_999),
      fc.array(fc.string()),
      fc.constantFrom("orders:admin", ["orders:admin"], "sandbox-client"),
    ),
  }),
  fc.record({
    kind: fc.constant("header" as const),
    name: fc.constantFrom("alg", "kid", "typ", "crit", "b64", "jwk", "zip", "enc"),
    value: fc.oneof(
      fc.constantFrom("none", "None", "NONE", "", "HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA", "key-2"),
      fc.constant(["none"]),
      fc.constant(null),
      fc.constant(false),
      fc.constant({ kty: "oct", k: "AA" }),
    ),
  }),
  fc.record({ kind: fc.constant("signature" as const), bytes: fc.uint8Array({ maxLength: 128 }) }),
  fc.record({ kind: fc.constant("parts" as const), order: fc.array(fc.nat({ max: 2 }), { maxLength: 6 }) }),
];

type TextMutation = (typeof texts)[number] extends fc.Arbitrary<infer M> ? M : never;
type PartMutation = (typeof parts)[number] extends fc.Arbitrary<infer M> ? M : never;
type Mutation = TextMutation | PartMutation;

/** Changes of a JWT. One may leave it as it was. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(...texts, ...parts);
/** Changes of a token that has no parts. */
export const textMutation: fc.Arbitrary<Mutation> = fc.oneof(...texts);

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function mutate(token: string, change: Mutation): string {
  const [header = "", payload = "", signature = ""] = token.split(".");
  switch (change.kind) {
    case "character": {
      const at = change.at % token.length;
      const known = alphabet.indexOf(token[at] ?? "");
      const other = known < 0 ? "A" : (alphabet[(known + change.by) % 64] ?? "A");
      return token.slice(0, at) + other + token.slice(at + 1);
    }
    case "remove": {
      const at = change.at % token.length;
      return token.slice(0, at) + token.slice(at + 1);
    }
    case "insert": {
      const at = change.at % (token.length + 1);
      return token.slice(0, at) + change.text + token.slice(at);
    }
    case "claim":
      return `${header}.${encode({ ...decode(payload), [change.name]: change.value })}.${signature}`;
    case "header":
      return `${encode({ ...decode(header), [change.name]: change.value })}.${payload}.${signature}`;
    case "signature":
      return `${header}.${payload}.${Buffer.from(change.bytes).toString("base64url")}`;
    case "parts":
      return change.order.map((part) => [header, payload, signature][part]).join(".");
  }
}

/** Whether a token is refused, and not for lack of an answer. */
export const isRefusedForGood = (verdict: Verdict) => !verdict.allowed && verdict.status !== 503;

/**
 * Expects of thousands of changes that none of them passes, several at a time: the way to fast-check and back costs more
 * than a look at a token.
 *
 * @param options.times how many changes are made; some of them change nothing
 * @param options.refuses whether a changed token is refused as it should be
 * @returns how many changes were looked at
 */
export async function expectRefused(
  token: string,
  { by, times, refuses }: { by: fc.Arbitrary<Mutation>; times: number; refuses: (mutated: string) => Promise<boolean> },
): Promise<number> {
  // Fewer than a key manager is asked about at a time.
  const together = 25;
  let looked = 0;
  const changes = fc.array(by, { minLength: together, maxLength: together });
  await fc.assert(
    fc.asyncProperty(changes, async (several) => {
      const mutated = several.map((change) => mutate(token, change)).filter((text) => text !== token);
      looked += mutated.length;
      const refused = await Promise.all(mutated.map(refuses));
      return refused.every(Boolean);
    }),
    { numRuns: Math.ceil(times / together) },
  );
  return looked;
}

import { compilePattern } from "#lib/foundation/patterns.ts";
import { member } from "./strict-json.ts";
import type { TrustAnchor } from "./snapshot.ts";
import { refuse, type Refused } from "./verdict.ts";

/**
 * Which tokens a key manager owns, where the issuer alone does not say. Patterns are RE2, and hold for the whole
 * text (docs/decisions/0009).
 */
export type TokenHandling =
  | { kind: "NONE" }
  /** Tokens that are no JWTs: those that match are its own, and are introspected there. */
  | { kind: "REFERENCE"; pattern: string }
  /** JWTs: of its issuer's, those in which every one of these claims matches are its own. */
  | { kind: "JWT"; claims: readonly { claim: string; pattern: string }[] };

type Claims = Record<string, unknown>;
type Candidate<Token> = {
  anchor: TrustAnchor;
  /** Null where the key manager has no rule for tokens of this kind. */
  owns: ((token: Token) => boolean) | null;
};
type Accepts = (keyManagerId: string) => boolean;

/**
 * Finds the one key manager that a token belongs to. A rule that matches wins over no rule, and a key manager whose
 * rule does not match never has the token, even where nobody else is left: a token is never tried on several, nor
 * shown to several to find out whose it is.
 */
export class Ownership {
  readonly #byIssuer = new Map<string, Candidate<Claims>[]>();
  readonly #opaque: Candidate<string>[];

  /** @param anchors in the order in which key managers without a rule are asked; enabled ones come first by themselves */
  constructor(anchors: readonly TrustAnchor[]) {
    // A disabled namesake must not stand in the way of a live one.
    const ordered = [...anchors].sort((a, b) => Number(b.enabled) - Number(a.enabled));
    for (const anchor of ordered) {
      const group = this.#byIssuer.get(anchor.issuer);
      const candidate = { anchor, owns: jwtRule(anchor.handling) };
      if (group) group.push(candidate);
      else this.#byIssuer.set(anchor.issuer, [candidate]);
    }
    this.#opaque = ordered.filter(takesOpaque).map((anchor) => ({ anchor, owns: referenceRule(anchor.handling) }));
  }

  /** Whether every JWT of the key manager's issuer is its own, whatever it says and wherever it is presented. */
  ownsAll({ issuer }: TrustAnchor): boolean {
    const candidates = this.#byIssuer.get(issuer);
    return candidates?.length === 1 && candidates[0]?.owns === null;
  }

  /**
   * The owner of a JWT, by its issuer and then by rules. Without rules, the first one counts that is enabled and
   * accepted.
   *
   * @param accepts the key managers whose tokens are taken where the token was presented
   */
  ofJwt(issuer: string | undefined, claims: Claims, accepts: Accepts): TrustAnchor | Refused {
    const candidates = issuer === undefined ? undefined : this.#byIssuer.get(issuer);
    if (!candidates) return refuse("issuer_unknown");
    const [first] = candidates;
    if (candidates.length === 1 && first?.owns === null) return first.anchor;
    const { pool, isClaimed, usable } = narrow(candidates, claims, accepts);
    if (isClaimed && usable.length > 1) return refuse("key_manager_ambiguous");
    return (usable[0] ?? pool[0])?.anchor ?? refuse("key_manager_unmatched");
  }

  /** The owner of a token that names no issuer: the only one that could be, or nobody. */
  ofOpaque(token: string, accepts: Accepts): TrustAnchor | Refused {
    const { pool, isClaimed, usable } = narrow(this.#opaque, token, accepts);
    if (usable.length > 1) return refuse("key_manager_ambiguous");
    const [owner] = usable.length === 0 && isClaimed ? pool : usable;
    return owner?.anchor ?? refuse("issuer_unknown");
  }
}

/** Those whose rule matches, or else those without a rule; and of them, the ones that may be taken. */
function narrow<Token>(candidates: readonly Candidate<Token>[], token: Token, accepts: Accepts) {
  const claiming = candidates.filter(({ owns }) => owns?.(token));
  const isClaimed = claiming.length > 0;
  const pool = isClaimed ? claiming : candidates.filter(({ owns }) => owns === null);
  return { pool, isClaimed, usable: pool.filter(({ anchor }) => anchor.enabled && accepts(anchor.keyManagerId)) };
}

/** One whose tokens are JWTs of certain claims has no others. */
export function takesOpaque({ validation, handling }: TrustAnchor): boolean {
  return handling.kind === "REFERENCE" || (handling.kind === "NONE" && validation === "INTROSPECT");
}

function referenceRule(handling: TokenHandling): Candidate<string>["owns"] {
  return handling.kind === "REFERENCE" ? usablePattern(handling.pattern) : null;
}

function jwtRule(handling: TokenHandling): Candidate<Claims>["owns"] {
  if (handling.kind !== "JWT") return null;
  const rules = handling.claims.map(({ claim, pattern }) => ({ claim, matches: usablePattern(pattern) }));
  return (claims) =>
    rules.length > 0 && rules.every(({ claim, matches }) => textsOf(member(claims, claim)).some(matches));
}

/** What is stored was refused unless it can be used; anything else matches nothing. */
function usablePattern(pattern: string): (value: string) => boolean {
  try {
    return compilePattern(pattern);
  } catch {
    return () => false;
  }
}

function textsOf(value: unknown): readonly string[] {
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
  return listed.flatMap((item) =>
    typeof item === "string" || typeof item === "number" || typeof item === "boolean" ? [String(item)] : [],
  );
}

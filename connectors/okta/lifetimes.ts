/**
 * How long the tokens of one client live. A developer chooses it with the client; it is kept in the application's
 * profile, so that it outlives the policy, and is in force by the rule of the client's access policy.
 */
import { z } from "zod";

/** In minutes; what is left out is the key manager's. */
export type Lifetimes = {
  accessTokenMinutes?: number | undefined;
  refreshTokenMinutes?: number | undefined;
  refreshTokenIdleMinutes?: number | undefined;
};

/** TokenAuthorizationServerPolicyRuleAction of Okta's published API, by our names. */
const actionOf = {
  accessTokenMinutes: "accessTokenLifetimeMinutes",
  refreshTokenMinutes: "refreshTokenLifetimeMinutes",
  refreshTokenIdleMinutes: "refreshTokenWindowMinutes",
} as const satisfies Record<keyof Lifetimes, string>;
type Name = keyof typeof actionOf;
const names = Object.keys(actionOf) as Name[];

const minutes = z.number().int().min(0).max(100_000_000).nullish();
/** What a rule does to tokens. Hooks of others stay in it. */
export const tokenAction = z.looseObject({
  accessTokenLifetimeMinutes: minutes,
  refreshTokenLifetimeMinutes: minutes,
  refreshTokenWindowMinutes: minutes,
});
export type TokenAction = z.output<typeof tokenAction>;

/** What the profile of an application holds them as. */
const profileMember = "latchkeyLifetimes";
const stored = z.object({
  accessTokenMinutes: minutes,
  refreshTokenMinutes: minutes,
  refreshTokenIdleMinutes: minutes,
});

function lifetimesFrom(valueOf: (name: Name) => number | null | undefined): Lifetimes {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = valueOf(name) ?? undefined;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The lifetimes among a client's settings. */
export function chosenLifetimes(settings: Lifetimes): Lifetimes {
  return lifetimesFrom((name) => settings[name]);
}

/** Whether any was chosen. */
export function hasLifetimes(lifetimes: Lifetimes): boolean {
  return Object.keys(lifetimes).length > 0;
}

/** Whether two choices are one. */
export function areSame(one: Lifetimes, other: Lifetimes): boolean {
  return names.every((name) => one[name] === other[name]);
}

/** Puts a choice into a profile, and takes a former one out. */
export function withLifetimes(profile: Record<string, unknown>, lifetimes: Lifetimes): Record<string, unknown> {
  const { [profileMember]: _, ...rest } = profile;
  return hasLifetimes(lifetimes) ? { ...rest, [profileMember]: lifetimes } : rest;
}

/** The choice in the profile of an application; none where somebody has written nonsense there. */
export function lifetimesIn(profile: Readonly<Record<string, unknown>> | null | undefined): Lifetimes {
  const found = stored.safeParse(profile?.[profileMember]).data;
  return lifetimesFrom((name) => found?.[name]);
}

/**
 * The actions of a rule for a choice.
 *
 * @param accessTokenMinutes what the key manager says where nothing was chosen; beside it, Okta's own defaults: refresh
 *   tokens live for ever, and end when unused for a week
 */
export function toTokenAction(
  { accessTokenMinutes, refreshTokenMinutes = 0, refreshTokenIdleMinutes = 10_080 }: Lifetimes,
  keyManager: { accessTokenMinutes: number },
): TokenAction {
  return {
    accessTokenLifetimeMinutes: accessTokenMinutes ?? keyManager.accessTokenMinutes,
    refreshTokenLifetimeMinutes: refreshTokenMinutes,
    refreshTokenWindowMinutes: refreshTokenIdleMinutes,
  };
}

/** Of what was chosen, what a rule says now: somebody may have changed it in Okta's console. */
export function inForce(chosen: Lifetimes, action: TokenAction | null | undefined): Lifetimes {
  return lifetimesFrom((name) => (chosen[name] === undefined ? undefined : action?.[actionOf[name]]));
}

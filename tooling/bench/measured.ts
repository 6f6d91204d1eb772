/** What the benchmarks of the validation plane share: how much is measured, and how a rate is told. */
import type { SigningPair } from "#tooling/testing/validation.ts";
import { figure, type Figure } from "./figures.ts";
import { rates, share, type Load, type Until } from "./load.ts";
import { asNginx, tokenOf, type Tenant } from "./questions.ts";

export type Scale = {
  rounds: number;
  /** How long each load lasts. */
  until: Until;
  /** Of what differs by less than the machine does from one second to the next: many, and short ones. */
  close: { rounds: number; until: Until };
  mappings: number;
  apis: number;
  revocations: number;
  /** For each load that sees every token once. */
  freshTokens: number;
  /** Tokens that name unknown keys, for each load beside them. */
  strangeTokens: number;
};

export const scales: Record<"full" | "smoke", Scale> = {
  full: {
    rounds: 9,
    until: { seconds: 2 },
    close: { rounds: 25, until: { seconds: 1 } },
    mappings: 1_000_000,
    apis: 10_000,
    revocations: 1_000_000,
    freshTokens: 20_000,
    strangeTokens: 200,
  },
  smoke: {
    rounds: 1,
    until: { amount: 100 },
    close: { rounds: 1, until: { amount: 100 } },
    mappings: 2_000,
    apis: 50,
    revocations: 2_000,
    freshTokens: 400,
    strangeTokens: 10,
  },
};

export const group = "validator";

/** A call as nginx asks about it, by one of the tenant's clients. */
export async function question(pair: SigningPair, tenant: Tenant, client?: string) {
  return asNginx(await tokenOf(pair, { ...(client !== undefined && { client }) }), tenant);
}

export const rateOf = (what: string, loads: readonly Load[], unit = "requests/s") =>
  figure(group, what, { values: rates(loads), unit });

/** A rate as a share of another, and what it promises to be of it. */
export function rateBeside(
  what: string,
  loads: readonly Load[],
  {
    to,
    loads: others,
    atLeast,
    unit = "requests/s",
  }: { to: string; loads: readonly Load[]; atLeast?: number; unit?: string },
): Figure {
  const ratio = { value: share(loads, others), to };
  const promise = atLeast !== undefined && { ratioAtLeast: atLeast };
  return figure(group, what, { values: rates(loads), unit, ratio, ...promise });
}

export type Measured = { pair: SigningPair; tenant: Tenant; scale: Scale };

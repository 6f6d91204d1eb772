import type { ScopeMirrorRecord } from "#lib/data/scope-mirrors.ts";
import type { MirroredScopeView, MirrorState } from "./contract.ts";

/** A scope at a key manager as people see it. */
export function toMirroredScope(record: ScopeMirrorRecord): MirroredScopeView {
  const { name, problem, nextTryAt } = record;
  return { name, state: stateOf(record), problem, nextTryAt: nextTryAt?.toISOString() ?? null };
}

function stateOf({ state, unwanted }: ScopeMirrorRecord): MirrorState {
  switch (state) {
    case "FAILED":
      return "failed";
    case "MIRRORED":
      return "mirrored";
    case "FOUND":
      return "found";
    case "WAITING":
      return unwanted ? "removing" : "waiting";
  }
}

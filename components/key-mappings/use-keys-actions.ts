import { useRouter } from "next/navigation";
import { useMemo } from "react";
import type { KeysActions } from "./actions.ts";

/**
 * The same actions, with the page read again after a refusal of those that work on existing keys: a refusal may have
 * changed the keys too. The forms for new keys keep what was typed instead.
 */
export function useKeysActions(actions: KeysActions): KeysActions {
  const router = useRouter();
  return useMemo(() => {
    function shown<Input, Result extends { ok: boolean }>(action: (input: Input) => Promise<Result>) {
      return async (input: Input): Promise<Result> => {
        const result = await action(input);
        if (!result.ok) router.refresh();
        return result;
      };
    }
    return {
      ...actions,
      update: shown(actions.update),
      regenerate: shown(actions.regenerate),
      remove: shown(actions.remove),
      resume: shown(actions.resume),
      refresh: shown(actions.refresh),
      addSecret: shown(actions.addSecret),
      removeSecret: shown(actions.removeSecret),
      chooseScopes: shown(actions.chooseScopes),
    };
  }, [actions, router]);
}

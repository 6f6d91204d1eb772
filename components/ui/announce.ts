import { toast } from "sonner";
import type { ActionResult } from "#lib/features/actions/contract.ts";

type Change = () => Promise<ActionResult<unknown>>;

/**
 * Makes a change that needs no dialog, and says how it ended.
 *
 * @param done what is told where it succeeded
 * @param undo takes it back, by a button beside those words
 */
export async function announce(change: Change, done: string, undo?: Change): Promise<void> {
  const result = await change().catch(() => null);
  if (!result?.ok) {
    toast.error(result?.problem.message ?? "The portal could not be reached. Reload before you try again.");
    return;
  }
  const action = undo && { label: "Undo", onClick: () => void announce(undo, "It is as it was before.") };
  toast.success(done, action && { action });
}

"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { Dialog, DialogClose, DialogContent, DialogFooter } from "#components/ui/dialog.tsx";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { Switch } from "#components/ui/switch.tsx";
import { reached } from "#components/ui/reached.ts";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { ImpactView } from "#lib/features/key-managers/contract.ts";
import { ImpactPreview } from "./impact-preview.tsx";

export type SetEnabled = (input: {
  id: string;
  revision: number;
  enabled: boolean;
}) => Promise<ActionResult<{ enabled: boolean; revision: number }>>;
export type PreviewDisable = (input: { id: string }) => Promise<ActionResult<ImpactView>>;

type EnabledSwitchProps = {
  keyManager: { id: string; displayName: string; enabled: boolean; revision: number };
  setEnabled: SetEnabled;
  previewDisable: PreviewDisable;
  /** Words beside the switch; without them it is named for readers only. */
  label?: string;
};

/** How long an undo stays in sight. */
const undoMs = 10_000;

/** Enables at once; before it disables, it shows what would stop working. Both can be undone. */
export function EnabledSwitch({ keyManager, setEnabled, previewDisable, label }: EnabledSwitchProps) {
  const router = useRouter();
  const { id, displayName } = keyManager;
  // What was just stored counts until the page has caught up with it.
  const [stored, setStored] = useState({ enabled: keyManager.enabled, revision: keyManager.revision });
  const { enabled, revision } = stored.revision > keyManager.revision ? stored : keyManager;
  const [pending, setPending] = useState(false);
  const [impact, setImpact] = useState<ImpactView | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  async function change(next: boolean, seenRevision: number): Promise<void> {
    setPending(true);
    setProblem(null);
    const result = await reached(setEnabled({ id, revision: seenRevision, enabled: next }));
    setPending(false);
    if (!result.ok) {
      setProblem(result.problem.message);
      toast.error(result.problem.message, { duration: Infinity });
      return;
    }
    setStored(result.value);
    setImpact(null);
    router.refresh();
    toast.success(next ? `${displayName} is enabled.` : `${displayName} is disabled.`, {
      description: next ? "Its tokens are accepted again within seconds." : "Its tokens are refused within seconds.",
      duration: undoMs,
      action: { label: "Undo", onClick: () => void change(!next, result.value.revision) },
    });
  }

  async function ask(): Promise<void> {
    setPending(true);
    setProblem(null);
    const result = await reached(previewDisable({ id }));
    setPending(false);
    if (result.ok) setImpact(result.value);
    else toast.error(result.problem.message, { duration: Infinity });
  }

  return (
    <>
      <Switch
        checked={enabled}
        disabled={pending}
        {...(label ? { label } : { "aria-label": `${displayName} is enabled` })}
        onCheckedChange={(next) => void (next ? change(true, revision) : ask())}
      />
      <Dialog open={impact !== null} onOpenChange={(open) => !open && !pending && setImpact(null)}>
        <DialogContent
          title={`Disable ${displayName}?`}
          description="Gateways follow within seconds. Nothing is deleted: enabling it again restores everything."
        >
          {problem && (
            <Notice tone="bad" title="That did not work" live>
              {problem}
            </Notice>
          )}
          {impact && <ImpactPreview impact={impact} displayName={displayName} />}
          <DialogFooter>
            <DialogClose asChild>
              <Button>Keep it enabled</Button>
            </DialogClose>
            <Button variant="danger" pending={pending} onClick={() => void change(false, revision)}>
              Disable key manager
            </Button>
          </DialogFooter>
        </DialogContent>
      </Dialog>
    </>
  );
}

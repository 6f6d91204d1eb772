"use client";

import { useState, type ReactNode } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { NumberField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { PlanInput, type PlanView } from "#lib/features/plans/contract.ts";

type PlanDialogProps = {
  /** The plan to edit; a new one where there is none. */
  plan?: PlanView;
  save: (input: PlanInput) => Promise<ActionResult<PlanView>>;
  trigger?: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
};

/** Adds or edits a plan. */
export function PlanDialog({ plan, save, trigger, open: controlled, onOpenChange }: PlanDialogProps) {
  const [own, setOwn] = useState(false);
  const setOpen = (next: boolean) => {
    setOwn(next);
    onOpenChange?.(next);
  };
  return (
    <Dialog open={controlled ?? own} onOpenChange={setOpen}>
      {trigger && <DialogTrigger asChild>{trigger}</DialogTrigger>}
      <DialogContent
        title={plan ? `Edit ${plan.name}` : "Add plan"}
        description="What an application may call under a subscription."
        size="sm"
      >
        <PlanForm plan={plan} save={save} done={() => setOpen(false)} />
      </DialogContent>
    </Dialog>
  );
}

function PlanForm({
  plan,
  save,
  done,
}: {
  plan: PlanView | undefined;
  save: PlanDialogProps["save"];
  done: () => void;
}) {
  const form = useActionForm<PlanInput, PlanView>({
    schema: PlanInput,
    action: save,
    defaultValues: {
      name: plan?.name ?? "",
      description: plan?.description ?? "",
      requestsPerMinute: plan?.requestsPerMinute ?? null,
    },
    onSuccess: ({ name }) => {
      toast.success(plan ? `${name} is saved.` : `${name} is added.`);
      done();
    },
  });
  return (
    <ActionForm form={form} label="Plan">
      <TextField name="name" label="Name" maxLength={60} placeholder="Gold" />
      <TextField name="description" label="Description" optional maxLength={256} />
      <NumberField
        name="requestsPerMinute"
        label="Requests per minute"
        optional
        min={1}
        help="Empty means unlimited. Gateways receive the plan with each verdict."
      />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>{plan ? "Save plan" : "Add plan"}</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

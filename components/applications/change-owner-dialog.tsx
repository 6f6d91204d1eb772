"use client";

import { useCallback, useState } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { SearchedChoice, type Found } from "#components/form/searched-choice.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter } from "#components/ui/dialog.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import {
  ChangeOwnerInput,
  type AdministeredApplicationView,
  type OwnerChangeView,
  type PossibleOwner,
} from "#lib/features/applications/contract.ts";

export type OwnerActions = {
  find: (input: { id: string; search: string }) => Promise<ActionResult<PossibleOwner[]>>;
  change: (input: ChangeOwnerInput) => Promise<ActionResult<OwnerChangeView>>;
};

type ChangeOwnerDialogProps = {
  application: AdministeredApplicationView;
  actions: OwnerActions;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** What follows where the page is not the caller's any more. */
  onChanged?: () => void;
};

/** Gives an application to another developer of the tenant, once its reader knows what that means. */
export function ChangeOwnerDialog({ open, onOpenChange, ...props }: ChangeOwnerDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title={`Change the owner of ${props.application.name}`}
        description={`It belongs to ${props.application.owner.name} now. Its keys and subscriptions stay as they are.`}
      >
        <ChangeOwnerForm {...props} close={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

type ChangeOwnerFormProps = Pick<ChangeOwnerDialogProps, "application" | "actions" | "onChanged"> & {
  close: () => void;
};

function ChangeOwnerForm({ application, actions, onChanged, close }: ChangeOwnerFormProps) {
  const { id, name, owner } = application;
  const [chosen, setChosen] = useState<Found | null>(null);
  const form = useActionForm<ChangeOwnerInput, OwnerChangeView>({
    schema: ChangeOwnerInput,
    action: actions.change,
    defaultValues: { id, from: owner.personId, ownerId: "" },
    onSuccess: ({ ownerName, followingClients }) => {
      toast.success(
        followingClients === 0
          ? `${name} belongs to ${ownerName} now.`
          : `${name} belongs to ${ownerName} now. Its clients follow in the background.`,
      );
      close();
      onChanged?.();
    },
  });
  const { find } = actions;
  const search = useCallback(
    async (words: string): Promise<ActionResult<Found[]>> => {
      const result = await find({ id, search: words });
      if (!result.ok) return result;
      const found = result.value.map(({ personId, name: label, email }) => ({ value: personId, label, help: email }));
      return { ok: true, value: found };
    },
    [find, id],
  );
  return (
    <ActionForm form={form} label="Change owner">
      <SearchedChoice
        name="ownerId"
        label="New owner"
        search={{ label: "Find a developer", help: "By name or e-mail address. The first 20 are shown." }}
        find={search}
        nothing={{
          matches: (words) => `No other active developer matches “${words}”.`,
          exists: "There is no other active developer in this tenant. Invite one, or give somebody the role.",
        }}
        onChoose={setChosen}
      />
      {chosen && (
        <Notice tone="warn" title={`${owner.name} loses ${name} at once`} live>
          <p>{consequences(application, chosen.label)}</p>
        </Notice>
      )}
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Change owner</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

function consequences({ keySets }: AdministeredApplicationView, newOwner: string): string {
  const following = [...new Set(keySets.flatMap(({ owner, keyManager }) => (owner ? [keyManager.displayName] : [])))];
  const general =
    keySets.length === 0
      ? `${newOwner} gets it as it is.`
      : `${newOwner} can use its keys and see its consumer secrets. Programs that have them keep working.`;
  if (following.length === 0) return general;
  return `${general} Clients at ${following.join(", ")} get ${newOwner} as their owner there, in the background.`;
}

"use client";

import { useCallback, useState } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { RadioField, SecretField, TextField } from "#components/form/fields.tsx";
import { SearchedChoice, type Found } from "#components/form/searched-choice.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import {
  AttachClientInput,
  keyTypeLabels,
  keyTypes,
  type AttachableApplication,
  type AttachedClient,
} from "#lib/features/key-mappings/contract.ts";

type AttachClientProps = {
  keyManager: { id: string; displayName: string };
  attach: (input: AttachClientInput) => Promise<ActionResult<AttachedClient>>;
  find: (input: { search: string }) => Promise<ActionResult<AttachableApplication[]>>;
};

/** Gives an application of a developer a client that nothing can prove, on the administrator's word. */
export function AttachClientDialog(props: AttachClientProps) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>
        <Button>Attach a client…</Button>
      </DialogTrigger>
      <DialogContent
        title="Attach an existing client"
        description={`A client of ${props.keyManager.displayName} becomes the keys of an application.`}
      >
        <AttachForm {...props} close={() => setOpen(false)} />
      </DialogContent>
    </Dialog>
  );
}

function AttachForm({ keyManager, attach, find, close }: AttachClientProps & { close: () => void }) {
  const form = useActionForm<AttachClientInput, AttachedClient>({
    schema: AttachClientInput,
    action: attach,
    defaultValues: {
      applicationId: "",
      keyManagerId: keyManager.id,
      keyType: "PRODUCTION",
      consumerKey: "",
      consumerSecret: "",
    },
    onSuccess: ({ application, consumerKey }) => {
      toast.success(`${consumerKey} belongs to ${application} now.`);
      close();
    },
  });
  const search = useCallback(
    async (words: string): Promise<ActionResult<Found[]>> => {
      const result = await find({ search: words });
      if (!result.ok) return result;
      return {
        ok: true,
        value: result.value.map(({ id, name, ownerName }) => ({ value: id, label: name, help: ownerName })),
      };
    },
    [find],
  );
  return (
    <ActionForm form={form} label="Attach an existing client">
      <Notice tone="warn" title="Nothing is proved">
        Calls with the tokens of this client will count as the application&apos;s. Make sure that the client is its
        owner&apos;s: {keyManager.displayName} is not asked, and the audit names you.
      </Notice>
      <SearchedChoice
        name="applicationId"
        label="Application"
        search={{ label: "Find an application", help: "By its name or its owner's." }}
        find={search}
        nothing={{
          matches: (words) => `No application matches “${words}”.`,
          exists: "No developer has an application yet.",
        }}
      />
      <RadioField
        name="keyType"
        label="Key type"
        options={keyTypes.map((value) => ({ value, label: keyTypeLabels[value] }))}
      />
      <TextField
        name="consumerKey"
        label="Consumer key"
        help="Also called client id; byte for byte."
        mono
        maxLength={500}
      />
      <SecretField
        name="consumerSecret"
        label="Consumer secret"
        help="Stored sealed; the developer needs it to get tokens in the portal."
        optional
      />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Attach without proof</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

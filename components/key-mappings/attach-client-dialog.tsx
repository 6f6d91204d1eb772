"use client";

import { useEffect, useState } from "react";
import { useFormContext } from "react-hook-form";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { RadioField, SecretField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import { Field } from "#components/ui/field.tsx";
import { Input } from "#components/ui/input.tsx";
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
  return (
    <ActionForm form={form} label="Attach an existing client">
      <Notice tone="warn" title="Nothing is proved">
        Calls with the tokens of this client will count as the application&apos;s. Make sure that the client is its
        owner&apos;s: {keyManager.displayName} is not asked, and the audit names you.
      </Notice>
      <ApplicationChoice find={find} />
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

/** Pause after the last key before the server is asked. */
const pauseMs = 250;

function ApplicationChoice({ find }: Pick<AttachClientProps, "find">) {
  const { getValues, setValue } = useFormContext<AttachClientInput>();
  const [search, setSearch] = useState("");
  const [found, setFound] = useState<readonly AttachableApplication[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(() => {
      void find({ search }).then((result) => {
        if (!isCurrent) return;
        setProblem(result.ok ? null : result.problem.message);
        if (!result.ok) return;
        setFound(result.value);
        // What is out of sight is not chosen.
        const chosen = getValues("applicationId");
        if (!result.value.some(({ id }) => id === chosen)) setValue("applicationId", "");
      });
    }, pauseMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [search, find, getValues, setValue]);
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Field
        name="application-search"
        label="Find an application"
        help="By its name or its owner's."
        error={problem ?? undefined}
      >
        <Input type="search" autoComplete="off" value={search} onChange={(event) => setSearch(event.target.value)} />
      </Field>
      {found?.length === 0 ? (
        <p className="text-muted" role="status">
          {search ? `No application matches “${search}”.` : "No developer has an application yet."}
        </p>
      ) : (
        <div className="max-h-48 overflow-y-auto">
          <RadioField
            name="applicationId"
            label="Application"
            options={(found ?? []).map(({ id, name, ownerName }) => ({ value: id, label: name, help: ownerName }))}
          />
        </div>
      )}
    </div>
  );
}

"use client";

import { useRouter } from "next/navigation";
import { useState, type ReactNode } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextareaField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { ApplicationInput, type ApplicationView } from "#lib/features/applications/contract.ts";

type ApplicationDialogProps = {
  /** The application to edit; a new one where there is none, whose page opens afterwards. */
  application?: Pick<ApplicationView, "id" | "name" | "description">;
  save: (input: ApplicationInput) => Promise<ActionResult<ApplicationView>>;
  trigger?: ReactNode;
  /** Open from the start: the command palette leads here. */
  startOpen?: boolean;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
};

/** Creates or edits an application. */
export function ApplicationDialog(props: ApplicationDialogProps) {
  const { application, save, trigger, startOpen = false, open, onOpenChange } = props;
  const [own, setOwn] = useState(startOpen);
  const setOpen = (next: boolean) => {
    setOwn(next);
    onOpenChange?.(next);
  };
  return (
    <Dialog open={open ?? own} onOpenChange={setOpen}>
      {trigger && <DialogTrigger asChild>{trigger}</DialogTrigger>}
      <DialogContent
        title={application ? `Edit ${application.name}` : "Create application"}
        description="One for each program that calls APIs."
        size="sm"
      >
        <ApplicationForm application={application} save={save} done={() => setOpen(false)} />
      </DialogContent>
    </Dialog>
  );
}

type ApplicationFormProps = Pick<ApplicationDialogProps, "save"> & {
  application: ApplicationDialogProps["application"] | undefined;
  done: () => void;
};

function ApplicationForm({ application, save, done }: ApplicationFormProps) {
  const router = useRouter();
  const form = useActionForm<ApplicationInput, ApplicationView>({
    schema: ApplicationInput,
    action: save,
    defaultValues: { name: application?.name ?? "", description: application?.description ?? "" },
    onSuccess: ({ id, name }) => {
      toast.success(application ? `${name} is saved.` : `${name} is created.`);
      done();
      if (!application) router.push(`/developer/applications/${id}`);
    },
  });
  return (
    <ActionForm form={form} label="Application">
      <TextField name="name" label="Name" maxLength={70} placeholder="Web shop" />
      <TextareaField name="description" label="Description" optional maxLength={512} rows={2} />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>{application ? "Save application" : "Create application"}</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

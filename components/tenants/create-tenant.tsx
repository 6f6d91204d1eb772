"use client";

import { Plus } from "lucide-react";
import { useState } from "react";
import { useWatch } from "react-hook-form";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { LinkHandover } from "#components/identity/link-handover.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { CreateTenantInput, type CreatedTenantView } from "#lib/features/tenants/contract.ts";

type Create = (input: CreateTenantInput) => Promise<ActionResult<CreatedTenantView>>;
type Made = { tenant: CreatedTenantView; email: string };

/** The button that makes a tenant, and the dialog behind it. */
export function CreateTenant({ create, origin }: { create: Create; origin: string }) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  function close() {
    setOpen(false);
    setMade(null);
  }
  return (
    <Dialog open={open} onOpenChange={(next) => (next ? setOpen(true) : close())}>
      <DialogTrigger asChild>
        <Button variant="primary">
          <Plus aria-hidden />
          Create tenant
        </Button>
      </DialogTrigger>
      {made ? (
        <DialogContent
          title={`${made.tenant.name} is ready`}
          description="It has its own key manager and three plans. Its administrator does the rest."
          sticky
        >
          <LinkHandover recipient={made.email} {...made.tenant.invitation} onDone={close} />
        </DialogContent>
      ) : (
        <DialogContent title="Create a tenant" description="An organisation of its own, with its first administrator.">
          <CreateForm create={create} origin={origin} onMade={setMade} />
        </DialogContent>
      )}
    </Dialog>
  );
}

function CreateForm({ create, origin, onMade }: { create: Create; origin: string; onMade: (made: Made) => void }) {
  const form = useActionForm<CreateTenantInput, CreatedTenantView>({
    schema: CreateTenantInput,
    action: create,
    defaultValues: { name: "", slug: "", administratorEmail: "" },
    onSuccess: (tenant, { administratorEmail }) => onMade({ tenant, email: administratorEmail }),
  });
  return (
    <ActionForm form={form} label="Create a tenant">
      <TextField name="name" label="Name" />
      <TextField name="slug" label="Address" mono help={<SlugHelp origin={origin} />} />
      <TextField
        name="administratorEmail"
        label="First administrator's e-mail address"
        type="email"
        inputMode="email"
        help="You get a link for them, to hand over yourself. Nothing is sent."
      />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Create tenant</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

/** What the address will be part of, for ever. */
function SlugHelp({ origin }: { origin: string }) {
  const slug: unknown = useWatch({ name: "slug" });
  const shown = typeof slug === "string" && slug !== "" ? slug : "…";
  return (
    <>
      Never changes. Its authorization server will be{" "}
      <span className="font-mono break-all">{`${origin}/t/${shown}/oidc`}</span>
    </>
  );
}

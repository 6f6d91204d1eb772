"use client";

import { toast } from "sonner";
import { ActionForm, FormFooter, SubmitButton } from "#components/form/action-form.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { SetServingInput, type ServingView } from "#lib/features/global-key-managers/contract.ts";
import { ServingFields } from "./serving-fields.tsx";

type ServingFormProps = {
  serving: ServingView;
  save: (input: SetServingInput) => Promise<ActionResult<ServingView>>;
};

/** Changes which tenants a global key manager serves. */
export function ServingForm({ serving, save }: ServingFormProps) {
  const { id, revision, serves, tenants } = serving;
  const form = useActionForm<SetServingInput, ServingView>({
    schema: SetServingInput,
    action: save,
    defaultValues: { id, revision, serves, tenants },
    onSuccess: () => void toast.success("Saved. Gateways follow within seconds."),
  });
  return (
    <ActionForm form={form} label="Who it serves" guard className="max-w-3xl">
      <Card>
        <CardHeader
          title="Who it serves"
          description="A tenant that is added finds it in its list at once. One that is taken off loses it; it must not use it any more."
        />
        <CardBody>
          <ServingFields />
          <FormFooter>
            <SubmitButton>Save tenants</SubmitButton>
          </FormFooter>
        </CardBody>
      </Card>
    </ActionForm>
  );
}

"use client";

import { useId } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { SelectField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { SubscribeInput } from "#lib/features/subscriptions/contract.ts";

type Choice = { id: string; name: string };

type SubscribeFormProps = {
  apiId: string;
  /** Applications that are not subscribed yet. */
  applications: readonly Choice[];
  plans: readonly Choice[];
  subscribe: (input: SubscribeInput) => Promise<ActionResult<Subscribed>>;
};

type Subscribed = { application: { name: string }; plan: { name: string } };

const toOption = ({ id, name }: Choice) => ({ value: id, label: name });

/** Gives one of the person's applications the right to call an API. */
export function SubscribeForm({ apiId, applications, plans, subscribe }: SubscribeFormProps) {
  const headingId = useId();
  const form = useActionForm<SubscribeInput, Subscribed>({
    schema: SubscribeInput,
    action: subscribe,
    defaultValues: { apiId, applicationId: applications[0]?.id ?? "", planId: plans[0]?.id ?? "" },
    onSuccess: ({ application, plan }) => {
      toast.success(`${application.name} is subscribed under ${plan.name}.`);
    },
  });
  return (
    <section aria-labelledby={headingId}>
      <h3 id={headingId} className="sr-only">
        Subscribe
      </h3>
      <ActionForm form={form} label="Subscribe" className="gap-3">
        <div className="grid items-end gap-3 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto]">
          <SelectField name="applicationId" label="Application" options={applications.map(toOption)} />
          <SelectField name="planId" label="Plan" options={plans.map(toOption)} />
          <SubmitButton className="max-sm:justify-self-start">Subscribe</SubmitButton>
        </div>
      </ActionForm>
    </section>
  );
}

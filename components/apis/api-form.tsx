"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { useWatch } from "react-hook-form";
import { toast } from "sonner";
import { ActionForm, FormFooter, FormSection, SubmitButton } from "#components/form/action-form.tsx";
import { CheckboxesField, CheckboxField, ListField, TextareaField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Notice } from "#components/ui/notice.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import {
  ApiInput,
  EditApiInput,
  type AcceptanceImpactView,
  type ApiView,
  type PreviewAcceptanceInput,
} from "#lib/features/apis/contract.ts";
import type { ChoosableKeyManager } from "#lib/features/key-managers/contract.ts";
import type { PlanView } from "#lib/features/plans/contract.ts";
import { AcceptanceDialog } from "./acceptance-dialog.tsx";
import { AcceptedKeyManagers } from "./accepted-key-managers.tsx";
import { AvailabilityField } from "./availability-field.tsx";
import { KindField } from "./kind-field.tsx";
import { ResourcesField, ResourcesHelp } from "./resources-field.tsx";
import { ScopesField } from "./scopes-field.tsx";

type ApiFormProps = {
  /** What the form starts from; with an id and a revision it edits. */
  initial: ApiInput &
    // Left out by mistake, these would close an open API when it is saved.
    Required<Pick<ApiInput, "kind" | "subscriptionAvailability" | "subscriberTenants">> & {
      id?: string;
      revision?: number;
    };
  plans: readonly PlanView[];
  keyManagers: readonly ChoosableKeyManager[];
  create?: (input: ApiInput) => Promise<ActionResult<ApiView>>;
  update?: (input: ApiInput & { id: string; revision: number }) => Promise<ActionResult<ApiView>>;
  /** With `update`: who would be refused by what is about to be saved. */
  previewAcceptance?: (input: PreviewAcceptanceInput) => Promise<ActionResult<AcceptanceImpactView | null>>;
};

/** Who would lose access, and where the answer goes whether that is meant. */
type Asking = { impact: AcceptanceImpactView; answer: (isMeant: boolean) => void };

/** Everything about an API but its state: for a new one, and for one that stands. */
export function ApiForm({ initial, plans, keyManagers, create, update, previewAcceptance }: ApiFormProps) {
  const router = useRouter();
  const editing = update !== undefined;
  const [asking, setAsking] = useState<Asking | null>(null);
  const form = useActionForm<ApiInput, ApiView>({
    schema: editing ? EditApiInput : ApiInput,
    action: (update ?? create) as (input: ApiInput) => Promise<ActionResult<ApiView>>,
    defaultValues: initial,
    async before({ acceptAllKeyManagers = true, keyManagerIds = [] }) {
      const { id } = initial;
      if (id === undefined || !previewAcceptance || acceptAllKeyManagers) return { ok: true, value: true };
      const result = await previewAcceptance({ id, acceptAllKeyManagers, keyManagerIds });
      if (!result.ok) return result;
      const impact = result.value;
      if (impact === null) return { ok: true, value: true };
      const value = await new Promise<boolean>((answer) => setAsking({ impact, answer }));
      setAsking(null);
      return { ok: true, value };
    },
    onSuccess: (api) => {
      toast.success(
        editing ? "Saved. Gateways follow within seconds." : `${api.name} is added. Publish it when it is ready.`,
      );
      if (!editing) router.push(`/creator/apis/${api.id}`);
    },
  });

  return (
    <ActionForm form={form} label="API" guard className="max-w-3xl gap-8">
      <FormSection title="General">
        <div className="grid gap-4 sm:grid-cols-[1fr_10rem]">
          <TextField name="name" label="Name" maxLength={100} />
          <TextField name="version" label="Version" mono placeholder="1.0.0" maxLength={30} />
        </div>
        <TextField name="context" label="Context" mono placeholder="/orders" help={<ServedAt />} maxLength={200} />
        <TextareaField name="description" label="Description" optional maxLength={2000} />
        {!editing && <KindField />}
      </FormSection>

      <FormSection
        title="Scopes"
        description="Named permissions that tokens carry. A resource may ask for any one of several."
      >
        <ScopesField />
      </FormSection>

      <FormSection title="Resources" description={<ResourcesHelp />}>
        <ResourcesField />
      </FormSection>

      <FormSection title="Key managers" description="Whose tokens open this API.">
        <AcceptedKeyManagers options={keyManagers} />
      </FormSection>

      <FormSection title="Subscriptions">
        <CheckboxField
          name="subscriptionValidation"
          label="Ask for a subscription"
          help="Off lets in every valid token of an accepted key manager, whichever application it belongs to; of a global one, other tenants' applications too."
        />
        <AvailabilityField />
        {plans.length === 0 ? (
          <Notice title="There are no plans yet">
            Applications subscribe under a plan. <TextLink href="/creator/plans">Add a plan</TextLink> first.
          </Notice>
        ) : (
          <CheckboxesField
            name="planIds"
            label="Plans offered"
            columns
            options={plans.map((plan) => ({ value: plan.id, label: plan.name, help: allowance(plan) }))}
          />
        )}
      </FormSection>

      <FormSection title="Audiences">
        <ListField
          name="audiences"
          label="Accepted audiences"
          optional
          mono
          help="A token must name one of these in aud. Empty accepts any audience."
        />
      </FormSection>

      <FormFooter className="bg-background border-line sticky bottom-0 z-10 border-t py-3">
        <SubmitButton>{editing ? "Save changes" : "Add API"}</SubmitButton>
      </FormFooter>
      <AcceptanceDialog
        api={`${initial.name} ${initial.version}`}
        impact={asking?.impact ?? null}
        answer={(isMeant) => asking?.answer(isMeant)}
      />
    </ActionForm>
  );
}

/** The address that follows from context and version, as it is typed. */
function ServedAt() {
  const [context, version] = useWatch({ name: ["context", "version"] }) as [string?, string?];
  return (
    <>
      Gateways serve it under{" "}
      <code className="font-mono">
        {context || "/context"}/{version || "version"}
      </code>
      .
    </>
  );
}

function allowance({ requestsPerMinute }: PlanView): string {
  return requestsPerMinute === null ? "Unlimited" : `${requestsPerMinute.toLocaleString("en")} requests per minute`;
}

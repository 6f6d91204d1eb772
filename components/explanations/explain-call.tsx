"use client";

import { useState } from "react";
import { useWatch } from "react-hook-form";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { ListField, SecretField, SelectField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { CodeBlock } from "#components/ui/code-block.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { ExplainCallInput, explainedMethods, type CallExplanation } from "#lib/features/explanations/contract.ts";
import { decodeToken } from "./decode.ts";
import { ExplanationCard } from "./explanation-card.tsx";

type ExplainCallProps = {
  explain: (input: ExplainCallInput) => Promise<ActionResult<CallExplanation>>;
};

type Explained = { call: Pick<ExplainCallInput, "method" | "address">; explanation: CallExplanation };

/** A pasted token and a call: what the gateway would be told, check by check. */
export function ExplainCall({ explain }: ExplainCallProps) {
  const [explained, setExplained] = useState<Explained | null>(null);
  const form = useActionForm<ExplainCallInput, CallExplanation>({
    schema: ExplainCallInput,
    action: explain,
    defaultValues: { token: "", method: "GET", address: "", operations: [] },
    onSuccess: (explanation, { method, address }) => setExplained({ call: { method, address }, explanation }),
  });
  const token = useWatch({ control: form.methods.control, name: "token" });
  const decoded = decodeToken(token);
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Card>
        <CardHeader
          title="The call"
          description="The token is judged by this installation, and neither stored nor logged."
        />
        <CardBody>
          <ActionForm form={form} label="The call">
            <SecretField name="token" label="Access token" multiline />
            <div className="grid gap-5 sm:grid-cols-[8rem_minmax(0,1fr)]">
              <SelectField
                name="method"
                label="Method"
                options={explainedMethods.map((method) => ({ value: method, label: method }))}
              />
              <TextField
                name="address"
                label="Address"
                mono
                maxLength={2_048}
                placeholder="/orders/1.0.0/items/7"
                help="As the gateway received it: context, version and path."
              />
            </div>
            <ListField
              name="operations"
              label="GraphQL operations"
              optional
              mono
              maximumItems={50}
              placeholder="QUERY orders"
              help="For GraphQL APIs: the fields at the root that the call asks for."
            />
            <SubmitButton className="self-start">Explain</SubmitButton>
          </ActionForm>
          {decoded && (
            <CodeBlock
              label="What the token says of itself, read in this browser"
              code={decoded}
              copy={false}
              className="mt-2"
            />
          )}
        </CardBody>
      </Card>
      {explained && <ExplanationCard {...explained} />}
    </div>
  );
}

"use client";

import { useRouter } from "next/navigation";
import { useCallback, useEffect, useState } from "react";
import { useWatch } from "react-hook-form";
import { toast } from "sonner";
import { ActionForm, FormFooter, SubmitButton } from "#components/form/action-form.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { SchemaForm } from "#components/schema-form/schema-form.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogContent } from "#components/ui/dialog.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { ActionProblem, ActionResult } from "#lib/features/actions/contract.ts";
import type {
  ConnectionTestView,
  DiscoveryView,
  KeyManagerView,
  ProbePart,
  TestConnectionInput,
  UpdateKeyManagerInput,
} from "#lib/features/key-managers/contract.ts";
import { valuesOf } from "./form-values.ts";
import { InvocationFields } from "./exchange-fields.tsx";
import { Guide } from "./guide.tsx";
import { Reimport } from "./reimport.tsx";
import { Section } from "./section.tsx";
import { LimitFields, LimitsInWords } from "./limit-fields.tsx";
import { DisplayEndpointFields, EndpointFields, OfferFields, TokenFields, WordFields } from "./settings-fields.tsx";
import { TestLadder } from "./test-ladder.tsx";
import { count } from "./words.ts";

type SettingsFormProps = {
  view: KeyManagerView;
  save: (input: UpdateKeyManagerInput) => Promise<ActionResult<KeyManagerView>>;
  discover: (input: { wellKnownUrl: string }) => Promise<ActionResult<DiscoveryView>>;
  test: (input: TestConnectionInput) => Promise<ActionResult<ConnectionTestView>>;
};

/** Every setting of a key manager, folded into sections that say what they hold. */
export function SettingsForm({ view, save, discover, test }: SettingsFormProps) {
  const router = useRouter();
  const [testing, setTesting] = useState(false);
  const form = useActionForm<UpdateKeyManagerInput, KeyManagerView>({
    action: save,
    defaultValues: valuesOf(view),
    onSuccess(saved) {
      methods.reset(valuesOf(saved));
      toast.success(`${saved.displayName} is saved.`);
      router.refresh();
    },
  });
  const { methods } = form;
  const { connector, permanent } = view;

  // What was changed elsewhere on the page is followed, unless somebody is in the middle of an edit.
  const { isDirty } = methods.formState;
  useEffect(() => {
    if (!isDirty && methods.getValues("revision") !== view.revision) methods.reset(valuesOf(view));
  }, [isDirty, methods, view]);

  const run = useCallback(
    (part: ProbePart) => {
      const { tokenTypes, wellKnownUrl, issuer, endpoints, signingKeys, connection, confirmedHosts } =
        methods.getValues();
      const values = { tokenTypes, wellKnownUrl, issuer, endpoints, signingKeys, connection, confirmedHosts };
      return test({ part, id: view.id, connectorId: connector.id, ...values });
    },
    [methods, test, view.id, connector.id],
  );
  const showFields = useCallback(
    (problems: ActionProblem["fields"]) => {
      for (const { path, message } of problems) {
        methods.setError(path as "issuer", { type: "server", message });
      }
    },
    [methods],
  );

  return (
    <ActionForm form={form} label="Settings" guard className="max-w-4xl">
      {permanent ? (
        <Notice title="This key manager is run by the installation">
          Its addresses, keys and credentials take care of themselves. What developers see and may do is yours to set.
        </Notice>
      ) : (
        <Reimport view={view} discover={discover} />
      )}
      <div className="flex min-w-0 flex-col gap-3">
        <Section title="Words" summary={<Words />} paths={wordPaths} open={permanent}>
          <WordFields />
        </Section>
        <Section title="Issuer and endpoints" summary={<Issuer />} paths={endpointPaths}>
          {permanent ? <DisplayEndpointFields connector={connector} /> : <EndpointFields connector={connector} />}
        </Section>
        {!permanent && (
          <Section title="Tokens" summary={<Tokens />} paths={tokenPaths}>
            <InvocationFields />
            <TokenFields connector={connector} />
          </Section>
        )}
        <Section title="What developers may do" summary={<Offer />} paths={offerPaths}>
          <OfferFields connector={connector} />
        </Section>
        <Section title="Limits for developers" summary={<LimitsInWords connector={connector} />} paths={limitPaths}>
          <LimitFields connector={connector} />
        </Section>
        {!permanent && (
          <Section
            title="Administrator access"
            summary={view.secretsSet.length > 0 ? `${count(view.secretsSet.length, "secret")} set` : "No secret is set"}
            paths={accessPaths}
          >
            <SchemaForm
              descriptors={connector.connectionFields}
              prefix="connection"
              storedSecrets={view.secretsSet}
              stored={view.connection}
            />
            {connector.guide && (
              <details className="text-muted text-sm">
                <summary className="min-h-6 rounded-sm">Set-up steps at {connector.name}</summary>
                <div className="pt-3">
                  <Guide markdown={connector.guide} />
                </div>
              </details>
            )}
          </Section>
        )}
      </div>
      <FormFooter className="bg-background/90 border-line sticky bottom-0 -mx-1 border-t px-1 py-3">
        <SubmitButton>Save settings</SubmitButton>
        {!permanent && <Button onClick={() => setTesting(true)}>Test before saving</Button>}
      </FormFooter>
      <Dialog open={testing} onOpenChange={setTesting}>
        <DialogContent
          title="Test what the form holds"
          description="Nothing is saved. Secrets that you left blank are taken from what is stored."
        >
          <TestLadder run={run} immediately onFields={showFields} />
        </DialogContent>
      </Dialog>
    </ActionForm>
  );
}

const wordPaths = ["displayName", "description"] as const;
const endpointPaths = ["wellKnownUrl", "issuer", "endpoints", "confirmedHosts"] as const;
const tokenPaths = [
  "tokenTypes",
  "exchangeAudience",
  "claimMappings",
  "validationMethod",
  "tokenHandling",
  "signingKeys",
  "consumerKeyClaim",
  "scopesClaim",
] as const;
const offerPaths = ["grantTypes", "applicationScopes"] as const;
const limitPaths = ["constraints"] as const;
const accessPaths = ["connection"] as const;

function Words() {
  return useWatch<UpdateKeyManagerInput, "displayName">({ name: "displayName" });
}

function Issuer() {
  const issuer = useWatch<UpdateKeyManagerInput, "issuer">({ name: "issuer" });
  return <code>{issuer}</code>;
}

function Tokens() {
  const [method, keys] = useWatch<UpdateKeyManagerInput, ["validationMethod", "signingKeys"]>({
    name: ["validationMethod", "signingKeys"],
  });
  if (method === "INTROSPECT") return "Checked by asking the server";
  return keys?.kind === "pem" ? "Checked with a pasted key" : "Checked with the server's key set";
}

function Offer() {
  const grants = useWatch<UpdateKeyManagerInput, "grantTypes">({ name: "grantTypes" });
  return (grants ?? []).join(", ") || "No grant type is offered";
}

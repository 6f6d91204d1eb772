"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useCallback, useState, type ReactNode } from "react";
import { useWatch } from "react-hook-form";
import { toast } from "sonner";
import { ActionForm, FormFooter } from "#components/form/action-form.tsx";
import { TextareaField, TextField, UrlField, useFieldError } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { SchemaForm } from "#components/schema-form/schema-form.tsx";
import { Button } from "#components/ui/button.tsx";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { Field, fieldId } from "#components/ui/field.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { Select } from "#components/ui/select.tsx";
import { reached } from "#components/ui/reached.ts";
import type { ActionProblem, ActionResult } from "#lib/features/actions/contract.ts";
import {
  endpointLabels,
  initialValues,
  RegisterKeyManagerInput,
  type ConnectionTestView,
  type ConnectorView,
  type DiscoveryView,
  type EndpointName,
  type KeyManagerView,
  type TestConnectionInput,
} from "#lib/features/key-managers/contract.ts";
import { DiscoveredTable } from "./discovered-table.tsx";
import { connectorOf, emptyValues, foreignHostsOf, lacksSecrets } from "./form-values.ts";
import { InvocationFields } from "./exchange-fields.tsx";
import { Guide } from "./guide.tsx";
import { tenantPlace, type KeyManagerPlace } from "./place.ts";
import { Section } from "./section.tsx";
import { EndpointFields, ForeignHosts, OfferFields, TokenFields } from "./settings-fields.tsx";
import { SimulatorBadge } from "./simulator-badge.tsx";
import { TestLadder, type TestOutcome } from "./test-ladder.tsx";
import { useDraft, type Draft } from "./use-draft.ts";
import { WizardProgress, wizardSteps, type WizardStep } from "./wizard-steps.tsx";

export type ConnectActions<Input extends RegisterKeyManagerInput> = {
  discover: (input: { wellKnownUrl: string }) => Promise<ActionResult<DiscoveryView>>;
  test: (input: TestConnectionInput) => Promise<ActionResult<ConnectionTestView>>;
  register: (input: Input) => Promise<ActionResult<KeyManagerView>>;
};

type ConnectWizardProps<Input extends RegisterKeyManagerInput> = {
  connectors: ConnectorView[];
  actions: ConnectActions<Input>;
  of?: KeyManagerPlace;
  /** Fields that this form has beside those of every key manager, and what they begin with. */
  more?: { fields: ReactNode; initial: Omit<Input, keyof RegisterKeyManagerInput> };
};

/** Which step shows the field at a path. */
function stepOf(path: string): WizardStep {
  return path === "connection" || path.startsWith("connection.") ? "access" : "found";
}

function readStep(text: string | null): WizardStep {
  return wizardSteps.find(({ id }) => id === text)?.id ?? "where";
}

/** Connects a key manager in four steps. Nothing is written before the last one. */
export function ConnectWizard<Input extends RegisterKeyManagerInput = RegisterKeyManagerInput>({
  connectors,
  actions,
  of = tenantPlace,
  more,
}: ConnectWizardProps<Input>) {
  const router = useRouter();
  const search = useSearchParams();
  const [discovery, setDiscovery] = useState<DiscoveryView | null>(null);
  const [reading, setReading] = useState(false);
  const [outcome, setOutcome] = useState<TestOutcome | null>(null);

  const form = useActionForm<RegisterKeyManagerInput, KeyManagerView>({
    action: async (input) => {
      // What `more` adds stands in the form's values from the beginning.
      const result = await actions.register(input as Input);
      if (!result.ok) showProblem(result.problem);
      return result;
    },
    defaultValues: { ...emptyValues(), ...more?.initial },
    onSuccess(view) {
      draft.forget();
      toast.success(view.enabled ? `${view.displayName} is connected.` : `${view.displayName} is saved, disabled.`);
      router.push(`${of.base}/${view.id}`);
    },
  });
  const { methods } = form;
  const connectorId = useWatch({ control: methods.control, name: "connectorId" });
  const connector = connectorOf(connectors, connectorId);

  const go = useCallback(
    (next: WizardStep) => {
      const target = next === "where" ? `${of.base}/new` : `${of.base}/new?step=${next}`;
      // The server has nothing to add to a step; Back and reload still know it.
      window.history.pushState(null, "", target);
      window.scrollTo({ top: 0 });
    },
    [of.base],
  );

  const restore = useCallback(
    ({ values, discovery: found }: Draft) => {
      methods.reset(values);
      setDiscovery(found);
    },
    [methods],
  );
  const draft = useDraft({ place: of.base, methods, discovery, connectors, onRestore: restore });

  // A step that needs more than there is falls back to the last one that can be shown.
  const asked = readStep(search.get("step"));
  const secretsLost =
    asked === "prove" && connector && lacksSecrets(connector.connectionFields, methods.getValues("connection") ?? {});
  const step: WizardStep = asked !== "where" && !connector ? "where" : secretsLost ? "access" : asked;

  function showProblem(problem: ActionProblem) {
    const [first] = problem.fields;
    if (first) go(stepOf(first.path));
  }

  function chooseConnector(id: string) {
    const chosen = connectorOf(connectors, id);
    if (!chosen || id === methods.getValues("connectorId")) return;
    methods.setValue("connectorId", id, { shouldDirty: true });
    methods.setValue("connection", initialValues(chosen.connectionFields));
    if (!chosen.capabilities.includes("scopes")) methods.setValue("applicationScopes", false);
    if ((methods.getValues("grantTypes") ?? []).length === 0) methods.setValue("grantTypes", [...chosen.grantTypes]);
  }

  async function read() {
    const wellKnownUrl = (methods.getValues("wellKnownUrl") ?? "").trim();
    methods.clearErrors();
    if (!wellKnownUrl) {
      refuse("wellKnownUrl", "Enter the issuer or well-known address of your server.");
      return;
    }
    setReading(true);
    const result = await reached(actions.discover({ wellKnownUrl }));
    setReading(false);
    if (!result.ok) {
      const { fields, message } = result.problem;
      refuse("wellKnownUrl", fields[0]?.message ?? message);
      return;
    }
    take(result.value);
    go("found");
  }

  function take(found: DiscoveryView) {
    const current = methods.getValues();
    chooseConnector(found.connector.id);
    const { values } = found;
    methods.reset(
      {
        ...methods.getValues(),
        ...values,
        consumerKeyClaim: values.consumerKeyClaim ?? "",
        scopesClaim: values.scopesClaim ?? "",
        confirmedHosts: [],
        name: current.name || found.suggestedName,
        displayName: current.displayName || found.suggestedDisplayName,
      },
      { keepDefaultValues: true },
    );
    setDiscovery(found);
    setOutcome(null);
  }

  function byHand() {
    methods.clearErrors();
    if (!connector) {
      const [first] = connectors;
      if (first) chooseConnector(first.id);
    }
    setDiscovery(null);
    go("found");
  }

  function refuse(path: string, message: string) {
    methods.setError(path as "name", { type: "server", message });
    requestAnimationFrame(() => document.getElementById(fieldId(path))?.focus());
  }

  /** Everything of this step that can be known to be wrong already is said before the next one begins. */
  function leaveFound() {
    if (!connector) return;
    methods.clearErrors();
    const problems = problemsOf(methods.getValues(), connector);
    problems.forEach(({ path, message }) => methods.setError(path as "name", { type: "client", message }));
    const [first] = problems;
    if (first) requestAnimationFrame(() => document.getElementById(fieldId(first.path))?.focus());
    else go(methods.getValues("tokenTypes")?.includes("DIRECT") ? "access" : "prove");
  }

  const runTest = useCallback(
    (part: "server" | "access") => {
      const { connectorId, tokenTypes, wellKnownUrl, issuer, endpoints, signingKeys, connection, confirmedHosts } =
        methods.getValues();
      return actions.test({
        part,
        connectorId,
        tokenTypes,
        wellKnownUrl,
        issuer,
        endpoints,
        signingKeys,
        connection,
        confirmedHosts,
      });
    },
    [actions, methods],
  );

  const showFields = useCallback(
    (problems: ActionProblem["fields"]) => {
      for (const { path, message } of problems) methods.setError(path as "name", { type: "server", message });
    },
    [methods],
  );

  function save(enabled: boolean) {
    methods.setValue("enabled", enabled);
    void form.submit();
  }

  return (
    <div className="flex max-w-4xl flex-col gap-5">
      <WizardProgress current={step} onGo={go} />
      <ActionForm form={form} label="Connect a key manager" guard>
        {step === "where" && (
          <Card>
            <CardHeader
              title="Where is your authorization server?"
              description="Latchkey reads what the server says of itself and shows it to you. Nothing is saved yet."
            />
            <CardBody>
              <div
                onKeyDown={(event) => {
                  if (event.key !== "Enter") return;
                  event.preventDefault();
                  void read();
                }}
              >
                <UrlField
                  name="wellKnownUrl"
                  label="Issuer or well-known address"
                  placeholder="https://login.example.com/realms/shop"
                  help="Addresses in private networks are called only where the operator of this installation allows them."
                  autoFocus
                />
              </div>
              <FormFooter>
                <Button variant="primary" pending={reading} onClick={() => void read()}>
                  Read the server
                </Button>
                <Button variant="ghost" onClick={byHand}>
                  Enter everything by hand
                </Button>
                {reading && (
                  <span role="status" className="animate-late text-muted">
                    Reading the discovery document…
                  </span>
                )}
              </FormFooter>
            </CardBody>
          </Card>
        )}

        {step === "found" && connector && (
          <>
            {discovery && (
              <section className="flex min-w-0 flex-col gap-2">
                <h2 className="flex flex-wrap items-center gap-2 text-lg font-semibold">
                  What we found
                  {discovery.simulated && <SimulatorBadge />}
                </h2>
                <p className="text-muted">
                  Read from <code className="[overflow-wrap:anywhere]">{discovery.sourceUrl}</code>. You can change
                  everything below.
                </p>
                <DiscoveredTable fields={discovery.fields} />
              </section>
            )}
            <Card>
              <CardHeader title="Name it" />
              <CardBody>
                <SelectKind connectors={connectors} discovery={discovery} onChoose={chooseConnector} />
                <TextField
                  name="name"
                  label="Name"
                  mono
                  maxLength={100}
                  help="A stable identifier without spaces. It cannot be changed later."
                />
                <TextField name="displayName" label="Display name" optional maxLength={100} />
                <TextareaField name="description" label="Description" optional rows={2} maxLength={256} />
                {discovery && <ForeignHosts />}
              </CardBody>
            </Card>
            {more?.fields}
            <Section
              title="Issuer and endpoints"
              summary="Change what was found"
              open={!discovery}
              paths={endpointPaths}
            >
              <EndpointFields connector={connector} />
            </Section>
            <Section
              title="Tokens"
              summary="Signing keys, claims, and how tokens are checked"
              open={!discovery}
              paths={tokenPaths}
            >
              <InvocationFields />
              <TokenFields connector={connector} />
            </Section>
            <Section title="What developers may do" summary="Grant types, keys, test tokens" paths={offerPaths}>
              <OfferFields connector={connector} />
            </Section>
            <FormFooter>
              <Button variant="primary" onClick={leaveFound}>
                Continue
              </Button>
              <Button variant="ghost" onClick={() => go("where")}>
                Back
              </Button>
            </FormFooter>
          </>
        )}

        {step === "access" && connector && (
          <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,20rem)]">
            <Card>
              <CardHeader
                title="Administrator access"
                description={`How the portal signs in to ${connector.name}. Secrets are sealed, and never shown again.`}
              />
              <CardBody>
                {secretsLost && (
                  <Notice tone="warn" title="Enter the secrets again">
                    The page was reloaded, and secrets are never kept in the browser.
                  </Notice>
                )}
                <SchemaForm key={connector.id} descriptors={connector.connectionFields} prefix="connection" />
                <FormFooter>
                  <Button variant="primary" onClick={() => go("prove")}>
                    Continue
                  </Button>
                  <Button variant="ghost" onClick={() => go("found")}>
                    Back
                  </Button>
                </FormFooter>
              </CardBody>
            </Card>
            {connector.guide && (
              <aside aria-label="Set-up steps" className="text-muted min-w-0 text-sm lg:pt-3">
                <Guide markdown={connector.guide} />
              </aside>
            )}
          </div>
        )}

        {step === "prove" && connector && (
          <Card>
            <CardHeader title="Prove it" description="The test asks the server and changes nothing there." />
            <CardBody>
              <TestLadder run={runTest} immediately onOutcome={setOutcome} onFields={showFields} />
              {outcome && !outcome.proved && (
                <Notice tone="warn" title={unproved(outcome)} live>
                  You can save it disabled, put it right, and enable it once the test passes.
                </Notice>
              )}
              <FormFooter>
                <SaveButtons proved={outcome?.proved ?? false} pending={methods.formState.isSubmitting} onSave={save} />
                <Button variant="ghost" onClick={() => go("access")}>
                  Back
                </Button>
              </FormFooter>
            </CardBody>
          </Card>
        )}
      </ActionForm>
    </div>
  );
}

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

function unproved({ failed }: TestOutcome): string {
  if (failed === 0) return "The test could not be finished";
  return failed === 1 ? "One check failed" : `${String(failed)} checks failed`;
}

type SaveButtonsProps = { proved: boolean; pending: boolean; onSave: (enabled: boolean) => void };

/** The proved way is the main one; the other is there, and says what it is. */
function SaveButtons({ proved, pending, onSave }: SaveButtonsProps) {
  return proved ? (
    <>
      <Button variant="primary" pending={pending} onClick={() => onSave(true)}>
        Save and enable
      </Button>
      <Button disabled={pending} onClick={() => onSave(false)}>
        Save disabled
      </Button>
    </>
  ) : (
    <>
      <Button variant="primary" pending={pending} onClick={() => onSave(false)}>
        Save disabled
      </Button>
      <Button disabled={pending} onClick={() => onSave(true)}>
        Enable unproved
      </Button>
    </>
  );
}

type SelectKindProps = {
  connectors: readonly ConnectorView[];
  discovery: DiscoveryView | null;
  onChoose: (id: string) => void;
};

/** The kind of key manager, with the reason where it was guessed. */
function SelectKind({ connectors, discovery, onChoose }: SelectKindProps) {
  const chosen = useWatch<RegisterKeyManagerInput, "connectorId">({ name: "connectorId" });
  const error = useFieldError("connectorId");
  const connector = connectorOf(connectors, chosen);
  const guessed =
    discovery?.connector.id === chosen ? `Looks like ${discovery.connector.name}, because ${discovery.reason}.` : "";
  return (
    <Field name="connectorId" label="Kind of key manager" help={guessed || connector?.summary} error={error}>
      <Select
        options={connectors.map(({ id, name }) => ({ value: id, label: name }))}
        value={chosen}
        onChange={(event) => onChoose(event.target.value)}
      />
    </Field>
  );
}

type Problem = { path: string; message: string };

/** What the browser can tell by itself; the server has the last word. */
function problemsOf(values: RegisterKeyManagerInput, connector: ConnectorView): Problem[] {
  // What other fields the form has, the server judges.
  const shared = Object.keys(RegisterKeyManagerInput.shape) as (keyof RegisterKeyManagerInput)[];
  const asked = Object.fromEntries(shared.map((key) => [key, values[key]]));
  const parsed = RegisterKeyManagerInput.safeParse({ ...asked, connection: {} });
  const problems: Problem[] = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  const isDirect = values.tokenTypes?.includes("DIRECT") ?? true;
  for (const [name, use] of Object.entries(connector.endpoints) as [EndpointName, string][]) {
    if (use !== "required" || !isDirect || values.endpoints?.[name]) continue;
    problems.push({ path: `endpoints.${name}`, message: `Enter the ${endpointLabels[name].toLowerCase()}.` });
  }
  if (values.validationMethod === "SELF" && values.signingKeys?.kind === "none") {
    problems.push({ path: "signingKeys.kind", message: "Say where the signing keys are." });
  }
  if (values.tokenTypes?.includes("EXCHANGED") && !values.exchangeAudience) {
    problems.push({ path: "exchangeAudience", message: "Enter the audience that a token must name to be exchanged." });
  }
  const unconfirmed = foreignHostsOf(values.issuer, values.endpoints ?? {}).filter(
    (host) => !(values.confirmedHosts ?? []).includes(host),
  );
  if (unconfirmed.length > 0) {
    problems.push({ path: "confirmedHosts", message: `Agree to ${unconfirmed.join(" and ")}, or change the address.` });
  }
  return problems;
}

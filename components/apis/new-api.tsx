"use client";

import { FileUp } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "#components/ui/button.tsx";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { Field } from "#components/ui/field.tsx";
import { Textarea } from "#components/ui/input.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { reached } from "#components/ui/reached.ts";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { ApiDraft, ApiInput, ApiView } from "#lib/features/apis/contract.ts";
import type { ChoosableKeyManager } from "#lib/features/key-managers/contract.ts";
import type { PlanView } from "#lib/features/plans/contract.ts";
import { ApiForm } from "./api-form.tsx";

type NewApiProps = {
  plans: readonly PlanView[];
  keyManagers: readonly ChoosableKeyManager[];
  create: (input: ApiInput) => Promise<ActionResult<ApiView>>;
  read: (input: { document: string }) => Promise<ActionResult<ApiDraft>>;
};

const maximumBytes = 2_000_000;

/** A new API: from an OpenAPI file or a GraphQL schema that fills the form, or by hand. */
export function NewApi({ plans, keyManagers, create, read }: NewApiProps) {
  const [draft, setDraft] = useState<{ count: number; value: ApiDraft | null }>({ count: 0, value: null });
  const initial = {
    name: "",
    version: "",
    context: "",
    description: "",
    kind: "HTTP" as const,
    scopes: [],
    resources: [{ verb: "GET" as const, path: "/", scopes: [] }],
    planIds: plans.map(({ id }) => id),
    acceptAllKeyManagers: true,
    keyManagerIds: [],
    subscriptionValidation: true,
    subscriptionAvailability: "OWN_TENANT" as const,
    subscriberTenants: [],
    audiences: [],
  };
  const { notes = [], ...filled } = draft.value ?? {};

  return (
    <div className="flex flex-col gap-8">
      <ImportCard read={read} onRead={(value) => setDraft(({ count }) => ({ count: count + 1, value }))} />
      {draft.value && (
        <Notice tone={notes.length > 0 ? "warn" : "good"} title={summary(draft.value)} live className="max-w-3xl">
          {notes.length > 0 && (
            <ul className="list-disc pl-4">
              {notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
        </Notice>
      )}
      {/* A new draft is a new form: what the file says replaces what was typed. */}
      <ApiForm
        key={draft.count}
        initial={{ ...initial, ...filled }}
        plans={plans}
        keyManagers={keyManagers}
        create={create}
      />
    </div>
  );
}

function summary({ resources, scopes }: ApiDraft): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return `Read ${count(resources.length, "resource")} and ${count(scopes.length, "scope")}. Check the form, then add the API.`;
}

function ImportCard({ read, onRead }: Pick<NewApiProps, "read"> & { onRead: (draft: ApiDraft) => void }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const [pending, setPending] = useState(false);
  const file = useRef<HTMLInputElement>(null);

  async function submit(document: string) {
    setProblem(undefined);
    if (document.trim() === "") return setProblem("Choose a file or paste its text.");
    if (new Blob([document]).size > maximumBytes) return setProblem("The file is larger than 2 MB.");
    setPending(true);
    const result = await reached(read({ document }));
    setPending(false);
    if (result.ok) onRead(result.value);
    else setProblem(result.problem.fields[0]?.message ?? result.problem.message);
  }

  return (
    <Card className="max-w-3xl">
      <CardHeader
        title="Import an OpenAPI file or a GraphQL schema"
        description="OpenAPI 3 as JSON or YAML, or GraphQL type definitions. It fills the form below; nothing is saved yet."
        actions={
          <>
            <input
              ref={file}
              type="file"
              accept=".json,.yaml,.yml,.graphql,.graphqls,.gql,application/json,application/yaml"
              className="sr-only"
              aria-label="OpenAPI file or GraphQL schema"
              tabIndex={-1}
              onChange={async (event) => {
                const [chosen] = event.target.files ?? [];
                event.target.value = "";
                if (!chosen) return;
                if (chosen.size > maximumBytes) return setProblem("The file is larger than 2 MB.");
                const content = await chosen.text();
                setText(content);
                await submit(content);
              }}
            />
            <Button onClick={() => file.current?.click()} pending={pending}>
              <FileUp aria-hidden />
              Choose file
            </Button>
          </>
        }
      />
      <CardBody>
        <Field label="Or paste its text" name="document" error={problem}>
          <Textarea mono rows={4} value={text} onChange={(event) => setText(event.target.value)} spellCheck={false} />
        </Field>
        <Button className="self-start" onClick={() => submit(text)} pending={pending}>
          Read text
        </Button>
      </CardBody>
    </Card>
  );
}

"use client";

import { useState } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { CheckboxesField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { SubscribedScopeView } from "#lib/features/applications/contract.ts";
import type { KeysOutcome, KeysView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";

type ScopesFactProps = {
  keys: KeysView;
  scopes: readonly SubscribedScopeView[];
  chooseScopes: KeysActions["chooseScopes"];
};

/** Which scopes the client's own tokens may carry, and the way to choose others. */
export function ScopesFact({ keys, scopes, chooseScopes }: ScopesFactProps) {
  const chosen = keys.scopes?.chosen ?? null;
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-1">
      {chosen === null ? (
        <span className="text-muted">Not chosen: {keys.keyManager.displayName} decides</span>
      ) : chosen.length === 0 ? (
        <span className="text-muted">None</span>
      ) : (
        chosen.map((name) => (
          <Badge key={name} icon={null}>
            <code>{name}</code>
          </Badge>
        ))
      )}
      {keys.scopes?.narrowing && <span className="text-muted text-sm">being brought up to date</span>}
      {keys.can.chooseScopes && <ChooseScopes keys={keys} scopes={scopes} chooseScopes={chooseScopes} />}
    </span>
  );
}

function ChooseScopes(props: ScopesFactProps) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>
        <Button size="sm" aria-label={`Choose scopes at ${props.keys.keyManager.displayName}`}>
          Choose
        </Button>
      </DialogTrigger>
      <DialogContent
        title="Choose scopes"
        description="Tokens that this application gets for itself (client credentials) may carry these scopes and no others."
        size="md"
      >
        <ScopesForm {...props} done={() => setOpen(false)} />
      </DialogContent>
    </Dialog>
  );
}

function ScopesForm({ keys, scopes, chooseScopes, done }: ScopesFactProps & { done: () => void }) {
  const form = useActionForm<{ scopes: string[] }, KeysOutcome>({
    action: ({ scopes: wanted }) => chooseScopes({ id: keys.id, scopes: wanted }),
    defaultValues: { scopes: keys.scopes?.chosen ?? [] },
    onSuccess: (outcome) => {
      if (outcome.outcome === "done") toast.success(`${keys.keyManager.displayName} knows the scopes.`);
      else toast.warning(outcome.message);
      done();
    },
  });
  return (
    <ActionForm form={form} label="Choose scopes">
      {scopes.length === 0 ? (
        <p className="text-muted">
          The APIs that this application is subscribed to ask for no scopes. Subscribe to one that does.
        </p>
      ) : (
        <CheckboxesField
          name="scopes"
          label="Scopes"
          help="From the APIs that this application is subscribed to."
          options={scopes.map(({ name, description, apis }) => ({
            value: name,
            label: <code>{name}</code>,
            help: [description, apis.join(", ")].filter(Boolean).join(" · "),
          }))}
        />
      )}
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Save scopes</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

"use client";

import { useState } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { CheckboxesField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { SubscribedScopeView } from "#lib/features/applications/contract.ts";
import type { KeysView, TokenView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";
import { TokenPanel } from "./token-panel.tsx";

type TokenDialogProps = {
  keys: KeysView;
  scopes: readonly SubscribedScopeView[];
  issueToken: KeysActions["issueToken"];
};

/** Gets a token with chosen scopes, and shows it once. */
export function TokenDialog({ keys, scopes, issueToken }: TokenDialogProps) {
  const [token, setToken] = useState<TokenView | null>(null);
  return (
    <Dialog onOpenChange={(open) => !open && setToken(null)}>
      <DialogTrigger asChild>
        <Button variant="primary">Get a test token</Button>
      </DialogTrigger>
      <DialogContent
        title="Get a test token"
        description={`${keys.keyManager.displayName} issues it to this application with the client credentials grant.`}
        size="md"
        sticky={token !== null}
      >
        {token ? (
          <>
            <TokenPanel token={token} title="Access token" />
            <DialogFooter>
              <DialogClose asChild>
                <Button variant="primary">Done</Button>
              </DialogClose>
            </DialogFooter>
          </>
        ) : (
          <ScopesForm id={keys.id} scopes={scopes} issueToken={issueToken} onToken={setToken} />
        )}
      </DialogContent>
    </Dialog>
  );
}

type ScopesFormProps = Omit<TokenDialogProps, "keys"> & { id: string; onToken: (token: TokenView) => void };

function ScopesForm({ id, scopes, issueToken, onToken }: ScopesFormProps) {
  const form = useActionForm<{ scopes: string[] }, TokenView>({
    action: ({ scopes }) => issueToken({ id, scopes }),
    defaultValues: { scopes: scopes.map(({ name }) => name) },
    onSuccess: onToken,
  });
  return (
    <ActionForm form={form} label="Get a test token">
      {scopes.length === 0 ? (
        <p className="text-muted">
          The APIs that this application is subscribed to ask for no scopes, so the token will carry none of them.
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
        <SubmitButton>Get token</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

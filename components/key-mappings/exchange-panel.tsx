"use client";

import { useState } from "react";
import { ActionForm, FormFooter, SubmitButton } from "#components/form/action-form.tsx";
import { CheckboxesField, SelectField, TextareaField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import type { SubscribedScopeView } from "#lib/features/applications/contract.ts";
import type { ListedKeys, TokenView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";
import { SnippetTabs } from "./snippet-tabs.tsx";
import { secretPlaceOf } from "./snippets.ts";
import { TokenPanel } from "./token-panel.tsx";

type ExchangePanelProps = {
  /** Display name of the key manager whose tokens are exchanged. */
  source: string;
  /** The application's keys that may exchange tokens. */
  exchangers: readonly ListedKeys[];
  scopes: readonly SubscribedScopeView[];
  exchange: KeysActions["exchangeToken"];
};

/** Explains how a token of another key manager becomes one that opens APIs, does it, and shows how to do it. */
export function ExchangePanel({ source, exchangers, scopes, exchange }: ExchangePanelProps) {
  const [first] = exchangers;
  return (
    <section aria-label={`Exchange a token of ${source}`} className="flex min-w-0 flex-col gap-4">
      <p className="text-muted max-w-[70ch]">
        A token of {source} does not open APIs itself. The built-in key manager takes it and issues a token of its own
        for the same subject (RFC 8693), which does.
      </p>
      {first ? (
        <ExchangeForm source={source} exchangers={exchangers} first={first} scopes={scopes} exchange={exchange} />
      ) : (
        <p className="max-w-[70ch]">
          For that, this application needs keys of the built-in key manager with the grant type “Token exchange”.{" "}
          Generate them on its card, or add the grant type there.
        </p>
      )}
    </section>
  );
}

type ExchangeFormProps = Omit<ExchangePanelProps, "exchangers"> & {
  exchangers: readonly ListedKeys[];
  first: ListedKeys;
  /** Whether the key manager may want to be told whom the new token is for. */
  asksAudience?: boolean;
};
type Values = { id: string; subjectToken: string; audience: string; scopes: string[] };

/** Exchanges a token with some keys, shows the new one, and how a program does the same. */
export function ExchangeForm({ source, exchangers, first, scopes, exchange, asksAudience }: ExchangeFormProps) {
  const [token, setToken] = useState<TokenView | null>(null);
  const form = useActionForm<Values, TokenView>({
    action: ({ audience, ...input }) => exchange({ ...input, ...(audience && { audience }) }),
    defaultValues: { id: first.id, subjectToken: "", audience: "", scopes: scopes.map(({ name }) => name) },
    onSuccess: setToken,
  });
  if (token) {
    return (
      <>
        <TokenPanel token={token} title="Exchanged access token" />
        <Button className="self-start" onClick={() => setToken(null)}>
          Exchange another
        </Button>
      </>
    );
  }
  return (
    <>
      <ActionForm form={form} label="Exchange a token">
        {exchangers.length > 1 && (
          <SelectField
            name="id"
            label="With the keys"
            options={exchangers.map(({ id, keyManager, consumerKey }) => ({
              value: id,
              label: `${keyManager.displayName} · ${consumerKey ?? ""}`,
            }))}
          />
        )}
        <TextareaField
          name="subjectToken"
          label="Token to exchange"
          mono
          rows={4}
          help="It is sent on, and not stored."
        />
        {asksAudience && (
          <TextField
            name="audience"
            label="Audience"
            help="Whom the new token is for, as the key manager names it. Blank leaves it to the key manager."
            optional
          />
        )}
        {scopes.length > 0 && (
          <CheckboxesField
            name="scopes"
            label="Scopes"
            options={scopes.map(({ name }) => ({ value: name, label: <code>{name}</code> }))}
          />
        )}
        <FormFooter>
          <SubmitButton>Exchange token</SubmitButton>
        </FormFooter>
      </ActionForm>
      {first.keyManager.endpoints.token && first.consumerKey && (
        <SnippetTabs
          keyManagerName={source}
          tokenEndpoint={first.keyManager.endpoints.token}
          consumerKey={first.consumerKey}
          consumerSecret={null}
          scopes={scopes.map(({ name }) => name)}
          parameters={first.tokenParameters}
          secretIn={secretPlaceOf(first.client.settings)}
          grant="token_exchange"
        />
      )}
    </>
  );
}

"use client";

import { useState } from "react";
import { toast } from "sonner";
import { RevokeIssuedDialog } from "#components/revocations/revoke-issued-dialog.tsx";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { Fact, FactList } from "#components/ui/card.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { Menu, MenuItem, MenuSeparator } from "#components/ui/menu.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { reached } from "#components/ui/reached.ts";
import type { SubscribedScopeView } from "#lib/features/applications/contract.ts";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";
import {
  grantTypeLabels,
  type KeysOutcome,
  type KeysView,
  type ListedKeys,
} from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";
import { ExchangeDialog } from "./exchange-dialog.tsx";
import { RegenerateDialog } from "./regenerate-dialog.tsx";
import { RemoveKeysDialog } from "./remove-keys-dialog.tsx";
import type { HandedBack } from "./replaced-token.tsx";
import { RevokeTokenDialog } from "./revoke-token-dialog.tsx";
import { ScopesFact } from "./scopes-fact.tsx";
import { SecretFact } from "./secret-fact.tsx";
import { SecretsPanel } from "./secrets-panel.tsx";
import { SnippetTabs } from "./snippet-tabs.tsx";
import { secretPlaceOf } from "./snippets.ts";
import { TokenDialog } from "./token-dialog.tsx";
import { UnfinishedKeys } from "./unfinished-keys.tsx";
import { UpdateForm } from "./update-form.tsx";

type KeysInUseProps = {
  keys: ListedKeys;
  keyManager: UsableKeyManager | null;
  scopes: readonly SubscribedScopeView[];
  actions: KeysActions;
  settle: (outcome: KeysOutcome) => void;
  handBack: (handedBack: HandedBack) => void;
};

/** Keys that work, and what can be done with them. */
export function KeysInUse({ keys, keyManager, scopes, actions, settle, handBack }: KeysInUseProps) {
  const [updating, setUpdating] = useState(false);
  const [asking, setAsking] = useState<"regenerate" | "remove" | "exchange" | "revokeOne" | "revoke" | null>(null);
  const { can, client, consumerKey } = keys;
  const tokenEndpoint = keys.keyManager.endpoints.token;
  // The tenant's own exchanges on the card of the key manager whose tokens it takes.
  const canExchange = can.exchangeToken && !keys.keyManager.permanent;
  const chosen = keys.scopes?.chosen ?? null;
  // What was not chosen would only be refused.
  const offered = chosen === null ? scopes : scopes.filter(({ name }) => chosen.includes(name));

  if (updating && keyManager) {
    return (
      <UpdateForm
        keys={keys}
        keyManager={keyManager}
        action={(input) => actions.update({ id: keys.id, ...input })}
        done={() => setUpdating(false)}
      />
    );
  }
  return (
    <>
      {keys.operation ? (
        <UnfinishedKeys keys={keys} actions={actions} settle={settle} handBack={handBack} />
      ) : (
        keys.failure && (
          <Notice tone="warn" title="The last change was refused">
            {keys.failure.message}
          </Notice>
        )
      )}
      {keys.ownerChange?.problem && (
        <Notice tone="warn" title={`${keys.keyManager.displayName} does not know the new owner yet`}>
          <p>{keys.ownerChange.problem}</p>
          <p>The keys work. It is tried again in the background.</p>
        </Notice>
      )}
      <div className="flex min-w-0 flex-col gap-4 md:flex-row md:items-start md:justify-between">
        <FactList className="min-w-0 md:flex-1">
          <Fact term="Consumer key">
            <Identifier value={consumerKey ?? ""} label="Consumer key" />
          </Fact>
          <Fact term="Consumer secret">
            <SecretFact keys={keys} reveal={actions.reveal} />
            {keys.mode === "PROVISIONED" && keys.hasSecret && !keys.keyManager.consumerSecrets.readable && (
              <span className="text-muted text-sm">
                {keys.keyManager.displayName} never shows it again. The copy that is sealed here is the only one besides
                yours.
              </span>
            )}
          </Fact>
          {client.grantTypes.length > 0 && (
            <Fact term="Grant types">
              <span className="flex flex-wrap gap-1">
                {client.grantTypes.map((grantType) => (
                  <Badge key={grantType} icon={null}>
                    {grantTypeLabels[grantType] ?? grantType}
                  </Badge>
                ))}
              </span>
            </Fact>
          )}
          {keys.scopes && client.grantTypes.includes("client_credentials") && (
            <Fact term="Scopes">
              <ScopesFact keys={keys} scopes={scopes} chooseScopes={actions.chooseScopes} />
            </Fact>
          )}
          {client.redirectUris.length > 0 && (
            <Fact term="Callback URLs">
              <ul className="flex flex-col">
                {client.redirectUris.map((uri) => (
                  <li key={uri}>
                    <Identifier value={uri} label="Callback URL" plain />
                  </li>
                ))}
              </ul>
            </Fact>
          )}
        </FactList>
        <div className="flex flex-wrap gap-2">
          {can.issueToken && <TokenDialog keys={keys} scopes={offered} issueToken={actions.issueToken} />}
          {can.update && keyManager && <Button onClick={() => setUpdating(true)}>Update</Button>}
          <Menu label={`More actions for the keys of ${keys.keyManager.displayName}`}>
            {can.refresh && (
              <MenuItem onSelect={() => void refresh(keys, actions)}>Read again from the key manager</MenuItem>
            )}
            {canExchange && <MenuItem onSelect={() => setAsking("exchange")}>Exchange a token…</MenuItem>}
            {can.regenerateSecret && (
              <MenuItem onSelect={() => setAsking("regenerate")}>Regenerate consumer secret…</MenuItem>
            )}
            {keys.cannotRegenerate && (
              <MenuItem disabled>
                <span className="flex max-w-64 flex-col">
                  Regenerate consumer secret
                  <span className="text-sm whitespace-normal">{keys.cannotRegenerate}</span>
                </span>
              </MenuItem>
            )}
            <MenuItem onSelect={() => setAsking("revokeOne")}>Revoke a token…</MenuItem>
            <MenuItem onSelect={() => setAsking("revoke")}>Revoke tokens issued so far…</MenuItem>
            <MenuSeparator />
            <MenuItem danger onSelect={() => setAsking("remove")}>
              Remove keys…
            </MenuItem>
          </Menu>
        </div>
      </div>
      {keys.secrets && <SecretsPanel keys={keys} secrets={keys.secrets} actions={actions} settle={settle} />}
      {tokenEndpoint && consumerKey && client.grantTypes.includes("client_credentials") && (
        <SnippetTabs
          keyManagerName={keys.keyManager.displayName}
          tokenEndpoint={tokenEndpoint}
          consumerKey={consumerKey}
          consumerSecret={null}
          scopes={offered.map(({ name }) => name)}
          parameters={keys.tokenParameters}
          secretIn={secretPlaceOf(client.settings)}
        />
      )}
      <RegenerateDialog
        keys={keys}
        regenerate={async (input) => {
          const result = await actions.regenerate(input);
          if (result.ok) settle(result.value);
          return result;
        }}
        open={asking === "regenerate"}
        onOpenChange={(open) => !open && setAsking(null)}
      />
      <RevokeTokenDialog
        keys={keys}
        revoke={actions.revokeToken}
        open={asking === "revokeOne"}
        onOpenChange={(open) => !open && setAsking(null)}
      />
      <RevokeIssuedDialog
        whose="these keys"
        from={keys.keyManager.displayName}
        revoke={() => actions.revokeTokens({ id: keys.id })}
        open={asking === "revoke"}
        onOpenChange={(open) => !open && setAsking(null)}
      />
      {canExchange && (
        <ExchangeDialog
          keys={keys}
          scopes={offered}
          exchange={actions.exchangeToken}
          open={asking === "exchange"}
          onOpenChange={(open) => !open && setAsking(null)}
        />
      )}
      <RemoveKeysDialog
        keys={keys}
        remove={actions.remove}
        handBack={handBack}
        open={asking === "remove"}
        onOpenChange={(open) => !open && setAsking(null)}
      />
    </>
  );
}

async function refresh(keys: KeysView, actions: KeysActions): Promise<void> {
  const result = await reached(actions.refresh({ id: keys.id }));
  if (!result.ok) toast.error(result.problem.message);
  else if (result.value.state === "ACTIVE") toast.success(`Up to date with ${keys.keyManager.displayName}.`);
}

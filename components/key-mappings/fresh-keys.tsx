"use client";

import { useState } from "react";
import { Button } from "#components/ui/button.tsx";
import { Fact, FactList } from "#components/ui/card.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { SecretOnce } from "#components/ui/secret-once.tsx";
import type { TokenParameters } from "#lib/connector-kit/token-parameters.ts";
import type { DoneOutcome } from "./actions.ts";
import { SnippetTabs } from "./snippet-tabs.tsx";
import { secretPlaceOf } from "./snippets.ts";
import { TokenPanel } from "./token-panel.tsx";

type FreshKeysProps = { outcome: DoneOutcome; tokenParameters: TokenParameters; close: () => void };

/** What was just handed out: the secret once, a first token, and a command that runs as shown. */
export function FreshKeys({ outcome, tokenParameters, close }: FreshKeysProps) {
  const { keys, consumerSecret, token, tokenProblem } = outcome;
  const [stored, setStored] = useState(consumerSecret === null);
  const { consumerKey } = keys;
  const tokenEndpoint = keys.keyManager.endpoints.token;
  return (
    <div className="flex min-w-0 flex-col gap-5">
      <Notice tone="good" title="Your keys are ready" live>
        Store the consumer secret now, then try them out.
      </Notice>
      <FactList>
        <Fact term="Consumer key">
          <Identifier value={consumerKey ?? ""} label="Consumer key" />
        </Fact>
      </FactList>
      {consumerSecret !== null && !stored && (
        <SecretOnce
          label="Consumer secret"
          value={consumerSecret}
          lookAgain="Looking at it again later leaves an entry in the audit."
          fileName="consumer-secret.txt"
          onStored={() => setStored(true)}
        />
      )}
      {token && <TokenPanel token={token} title="First token" />}
      {tokenProblem && (
        <Notice tone="warn" title="The keys work, but no first token was issued">
          {tokenProblem}
        </Notice>
      )}
      {tokenEndpoint && consumerKey && keys.client.grantTypes.includes("client_credentials") && (
        <SnippetTabs
          keyManagerName={keys.keyManager.displayName}
          tokenEndpoint={tokenEndpoint}
          consumerKey={consumerKey}
          consumerSecret={stored ? null : consumerSecret}
          scopes={[]}
          parameters={tokenParameters}
          secretIn={secretPlaceOf(keys.client.settings)}
        />
      )}
      {stored && (
        <div>
          <Button variant="primary" onClick={close}>
            Done
          </Button>
        </div>
      )}
    </div>
  );
}

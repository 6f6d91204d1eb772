"use client";

import { useState } from "react";
import { AnsweringNotice, type Asked } from "#components/key-managers/answering-notice.tsx";
import { GlobalBadge } from "#components/key-managers/global-badge.tsx";
import { SimulatorBadge } from "#components/key-managers/simulator-badge.tsx";
import { Badge, type Tone } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { Monogram } from "#components/ui/monogram.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { SubscribedScopeView } from "#lib/features/applications/contract.ts";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";
import type { KeysOutcome, KeysView, ListedKeys } from "#lib/features/key-mappings/contract.ts";
import type { DoneOutcome, KeysActions, KeysPlace } from "./actions.ts";
import { ExchangePanel } from "./exchange-panel.tsx";
import { EndpointList } from "./endpoint-list.tsx";
import { FreshKeys } from "./fresh-keys.tsx";
import { Gaps } from "./gaps.tsx";
import { GenerateForm } from "./generate-form.tsx";
import { KeysInUse } from "./keys-in-use.tsx";
import { MapForm } from "./map-form.tsx";
import { ReplacedToken, type HandedBack } from "./replaced-token.tsx";
import { UnfinishedKeys } from "./unfinished-keys.tsx";
import { useKeysActions } from "./use-keys-actions.ts";

export type KeysCardProps = {
  place: KeysPlace;
  /** Null where the key manager is disabled or not offered any more. */
  keyManager: UsableKeyManager | null;
  keys: ListedKeys | null;
  /** Whether the key manager answers; null where nobody asks it. */
  asked: Asked | null;
  scopes: readonly SubscribedScopeView[];
  /** The application's keys that may exchange tokens of other key managers. */
  exchangers: readonly ListedKeys[];
  actions: KeysActions;
};

/** The keys of one application at one key manager, or the way to get some. */
export function KeysCard({ place, keyManager, keys, asked, scopes, exchangers, actions: given }: KeysCardProps) {
  const actions = useKeysActions(given);
  const [form, setForm] = useState<"generate" | "map" | null>(null);
  const [fresh, setFresh] = useState<DoneOutcome | null>(null);
  const shown = keys?.keyManager ?? keyManager;
  const [handedBack, setHandedBack] = useState<HandedBack | null>(null);
  if (!shown) return null;
  const { displayName, connector, issuer, endpoints } = shown;
  const headingId = `key-manager-${shown.id}`;

  function settle(outcome: KeysOutcome) {
    setForm(null);
    setFresh(outcome.outcome === "done" && (outcome.consumerSecret ?? outcome.token) ? outcome : null);
  }

  return (
    <Card aria-labelledby={headingId}>
      <CardHeader>
        <Monogram text={connector.monogram} />
        <div className="flex min-w-0 flex-1 flex-col gap-0.5">
          <div className="flex flex-wrap items-center gap-2">
            <h2 id={headingId} className="text-lg font-semibold">
              {displayName}
            </h2>
            {keyManager?.global && <GlobalBadge />}
            {shown.simulated && <SimulatorBadge />}
            {keys && <StateBadge keys={keys} />}
          </div>
          <p className="text-muted truncate text-sm">
            {connector.name} · <span className="font-mono">{issuer}</span>
          </p>
        </div>
      </CardHeader>
      <CardBody>
        {asked && <AnsweringNotice displayName={displayName} asked={asked} />}
        {keys && !keys.keyManager.enabled && (
          <Notice tone="warn" title={`${displayName} is disabled`}>
            Gateways refuse its tokens until an administrator enables it again. These keys can still be removed.
          </Notice>
        )}
        {handedBack && <ReplacedToken handedBack={handedBack} close={() => setHandedBack(null)} />}
        {fresh && keys ? (
          <FreshKeys outcome={fresh} tokenParameters={keys.tokenParameters} close={() => setFresh(null)} />
        ) : keys && keys.state !== "ACTIVE" ? (
          <UnfinishedKeys keys={keys} actions={actions} settle={settle} handBack={setHandedBack} />
        ) : keys ? (
          <KeysInUse
            keys={keys}
            keyManager={keyManager}
            scopes={scopes}
            actions={actions}
            settle={settle}
            handBack={setHandedBack}
          />
        ) : keyManager && form === "generate" ? (
          <GenerateForm
            keyManager={keyManager}
            action={(input) => actions.generate({ ...place, keyManagerId: keyManager.id, ...input })}
            settle={settle}
            cancel={() => setForm(null)}
          />
        ) : keyManager && form === "map" ? (
          <MapForm
            keyManager={keyManager}
            action={(input) => actions.map({ ...place, keyManagerId: keyManager.id, ...input })}
            handBack={setHandedBack}
            done={() => setForm(null)}
            cancel={() => setForm(null)}
          />
        ) : (
          keyManager && <NoKeys keyManager={keyManager} open={setForm} />
        )}
        {keyManager?.tokenTypes.includes("EXCHANGED") && !fresh && form === null && (
          <ExchangePanel
            source={displayName}
            exchangers={exchangers}
            scopes={scopes}
            exchange={actions.exchangeToken}
          />
        )}
        {!fresh && form === null && <EndpointList endpoints={endpoints} />}
        {!fresh && form === null && keyManager && <Gaps keyManager={keyManager} />}
      </CardBody>
    </Card>
  );
}

function NoKeys({ keyManager, open }: { keyManager: UsableKeyManager; open: (form: "generate" | "map") => void }) {
  const {
    clientCreation,
    clientMapping,
    tokenTypes,
    description,
    displayName,
    mappedClientCheck,
    capabilities,
    missing,
  } = keyManager;
  if (!tokenTypes.includes("DIRECT")) return null;
  const canBeProved = !mappedClientCheck || capabilities.includes("proveClient");
  if (!clientCreation && !clientMapping) {
    return <p className="text-muted">The administrator switched off getting keys from {displayName}.</p>;
  }
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p className="text-muted max-w-[60ch]">
        {description || "No keys of this application yet."}
        {clientMapping &&
          !canBeProved &&
          ` ${displayName} cannot prove whose an existing client is, so only an administrator can attach one.`}
        {clientCreation && missing.registerClient && ` ${missing.registerClient}`}
      </p>
      <div className="flex flex-wrap gap-2">
        {clientCreation && capabilities.includes("registerClient") && (
          <Button variant="primary" onClick={() => open("generate")}>
            Generate keys
          </Button>
        )}
        {clientMapping && canBeProved && <Button onClick={() => open("map")}>Use an existing client</Button>}
      </div>
    </div>
  );
}

function StateBadge({ keys }: { keys: KeysView }) {
  const { tone, word } = stateInWords(keys);
  return (
    <>
      <Badge tone={tone}>{word}</Badge>
      {keys.mode === "MAPPED" && <Badge icon={null}>Mapped client</Badge>}
    </>
  );
}

function stateInWords({ state, operation }: KeysView): { tone: Tone; word: string } {
  switch (state) {
    case "ACTIVE":
      return operation ? { tone: "warn", word: "Finishing" } : { tone: "good", word: "Active" };
    case "PENDING":
      return { tone: "accent", word: "Finishing" };
    case "DELETING":
      return { tone: "warn", word: "Being removed" };
    case "FAILED":
      return { tone: "bad", word: "Failed" };
    case "NEEDS_ATTENTION":
      return { tone: "bad", word: "Needs attention" };
  }
}

"use client";

import { Card, CardBody, CardFooter, CardHeader } from "#components/ui/card.tsx";
import { Pager } from "#components/ui/pager.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { KeyManagerMirrorView } from "#lib/features/scope-mirrors/contract.ts";
import { MirrorList, summaryOf } from "./mirror-list.tsx";
import { RetryButton } from "./retry-button.tsx";

type KeyManagerMirrorsProps = {
  keyManager: { id: string; displayName: string; enabled: boolean };
  view: KeyManagerMirrorView;
  retry: (input: { keyManagerId: string }) => Promise<ActionResult<unknown>>;
};

/** The scopes of the tenant's APIs at one key manager. */
export function KeyManagerMirrors({ keyManager, view, retry }: KeyManagerMirrorsProps) {
  const { id, displayName, enabled } = keyManager;
  const { counts, scopes, nextCursor } = view;
  return (
    <Card>
      <CardHeader
        title="Scopes of APIs"
        description={enabled ? summaryOf(counts) : "While it is disabled, scopes there stay as they are."}
        actions={enabled && <RetryButton counts={counts} retry={() => retry({ keyManagerId: id })} />}
      />
      <CardBody>
        {scopes.length === 0 ? (
          <p className="text-muted">
            APIs that accept {displayName} have no scopes yet. Their scopes are made there in the background.
          </p>
        ) : (
          <MirrorList scopes={scopes} label={`Scopes at ${displayName}`} />
        )}
      </CardBody>
      {nextCursor && (
        <CardFooter>
          <Pager nextCursor={nextCursor} param="scopes" />
        </CardFooter>
      )}
    </Card>
  );
}

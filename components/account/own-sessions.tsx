"use client";

import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { OwnSessionView } from "#lib/features/identity/contract.ts";

type OwnSessionsProps = {
  sessions: readonly OwnSessionView[];
  end: (input: { id: string }) => Promise<ActionResult<void>>;
};

export function OwnSessions({ sessions, end }: OwnSessionsProps) {
  return (
    <ul className="divide-line divide-y">
      {sessions.map(({ id, isCurrent, createdAt, lastSeenAt }) => (
        <li key={id} className="flex flex-wrap items-center gap-3 py-2">
          <span className="min-w-0 flex-1">
            Signed in <RelativeTime iso={createdAt} />, last used <RelativeTime iso={lastSeenAt} />
          </span>
          {isCurrent ? (
            <Badge tone="good">This browser</Badge>
          ) : (
            <ConfirmDialog
              trigger={<Button size="sm">End session</Button>}
              title="End this session?"
              description="That browser is signed out with its next click."
              confirmLabel="End session"
              onConfirm={() => end({ id })}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

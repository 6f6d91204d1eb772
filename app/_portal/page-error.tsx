"use client";

import { CopyButton } from "#components/ui/copy-button.tsx";
import { PathPicture } from "#components/path/path.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";

type PageErrorProps = { error: unknown; retry: () => void };

/** A page that failed: what to do, and the id under which the log tells the rest. */
export function PageError({ error, retry }: PageErrorProps) {
  const errorId = digestOf(error);
  return (
    <EmptyState
      wholePage
      picture={
        <PathPicture
          nodes={[{ label: "You" }, { label: "Latchkey" }, { label: "This page" }]}
          links={["ok", "broken"]}
        />
      }
      title="This page could not be shown"
      description="The mistake is ours and is in the log. Nothing that you did is lost on the server. Trying again often helps."
      action={
        <div className="flex flex-col items-center gap-4">
          <Button variant="primary" onClick={retry}>
            Try again
          </Button>
          {errorId && (
            <p className="text-muted flex items-center gap-1 text-sm">
              Error id <code className="text-ink">{errorId}</code>
              <CopyButton value={errorId} label="error id" />
            </p>
          )}
        </div>
      }
    />
  );
}

function digestOf(error: unknown): string | null {
  return typeof error === "object" && error !== null && "digest" in error ? String(error.digest) : null;
}

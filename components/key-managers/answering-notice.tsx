"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState, useTransition } from "react";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { AnsweringView } from "#lib/features/key-managers/contract.ts";

/** What is being found out about a key manager; null where that could not be found out. */
export type Asked = Promise<AnsweringView | null>;

/**
 * Says that a key manager does not answer, once that is known; nothing around it waits. What was known stays until the
 * next answer is there.
 */
export function AnsweringNotice({ displayName, asked }: { displayName: string; asked: Asked }) {
  const router = useRouter();
  const [isReloading, startReloading] = useTransition();
  const [known, setKnown] = useState<{ of: Asked; view: AnsweringView | null } | null>(null);

  useEffect(() => {
    let isCurrent = true;
    const take = (view: AnsweringView | null) => {
      if (isCurrent) setKnown({ of: asked, view });
    };
    // A page whose stream broke off knows nothing of its key managers.
    void asked.then(take, () => take(null));
    return () => {
      isCurrent = false;
    };
  }, [asked]);

  if (!known?.view || known.view.answers) return null;
  return (
    <Notice
      live
      tone="warn"
      title={`${displayName} does not answer`}
      actions={
        <Button
          size="sm"
          pending={isReloading || known.of !== asked}
          onClick={() => startReloading(() => router.refresh())}
        >
          Ask again
        </Button>
      }
    >
      {known.view.problem} What is stored here is shown; changes wait until it answers.
    </Notice>
  );
}

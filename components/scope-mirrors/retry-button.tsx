"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import { Button } from "#components/ui/button.tsx";
import { reached } from "#components/ui/reached.ts";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { MirrorCounts } from "#lib/features/scope-mirrors/contract.ts";

type RetryButtonProps = {
  counts: MirrorCounts;
  retry: () => Promise<ActionResult<unknown>>;
};

const lookEveryMs = 4_000;

/** Tries at once what failed. Looks again by itself while something is on its way. */
export function RetryButton({ counts, retry }: RetryButtonProps) {
  const router = useRouter();
  const [pending, setPending] = useState(false);
  const isMoving = counts.waiting + counts.removing > 0;

  useEffect(() => {
    if (!isMoving) return;
    const timer = setInterval(() => router.refresh(), lookEveryMs);
    return () => clearInterval(timer);
  }, [isMoving, router]);

  async function tryAgain() {
    setPending(true);
    const result = await reached(retry());
    setPending(false);
    if (result.ok) toast.success("Trying again in the background.");
    else toast.error(result.problem.message);
    // The queue takes a moment.
    setTimeout(() => router.refresh(), lookEveryMs / 2);
  }

  if (counts.failed === 0) return null;
  return (
    <Button size="sm" pending={pending} onClick={() => void tryAgain()}>
      Try again
    </Button>
  );
}

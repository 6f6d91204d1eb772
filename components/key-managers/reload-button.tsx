"use client";

import { RotateCw } from "lucide-react";
import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { Button } from "#components/ui/button.tsx";

/** Reads the page's data again, without losing the place. */
export function ReloadButton({ label }: { label: string }) {
  const router = useRouter();
  const [pending, startTransition] = useTransition();
  return (
    <Button
      variant="ghost"
      size="icon"
      aria-label={label}
      pending={pending}
      onClick={() => startTransition(() => router.refresh())}
    >
      <RotateCw aria-hidden />
    </Button>
  );
}

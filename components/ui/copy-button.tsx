"use client";

import { Check, Copy, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./button.tsx";

type CopyButtonProps = {
  value: string;
  /** What is copied, "client id": the button reads "Copy client id". */
  label: string;
  /** Shows the words beside the icon. */
  withText?: boolean;
  size?: "sm" | "md";
  onCopied?: () => void;
  className?: string;
};

/** Copies, and confirms where the eye already is. */
export function CopyButton({ value, label, withText, size = "sm", onCopied, className }: CopyButtonProps) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");

  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2000);
    return () => clearTimeout(timer);
  }, [state]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(value);
      setState("copied");
      onCopied?.();
    } catch {
      // Browsers refuse on insecure origins and without permission: the person can still select the text.
      setState("failed");
    }
  }

  const Icon = { idle: Copy, copied: Check, failed: X }[state];
  const words = { idle: "Copy", copied: "Copied", failed: "Copy by hand" }[state];
  return (
    <>
      <Button
        variant={withText ? "secondary" : "ghost"}
        size={withText ? size : "icon-sm"}
        onClick={() => void copy()}
        aria-label={withText ? undefined : `Copy ${label}`}
        className={className}
        data-copied={state === "copied" || undefined}
      >
        <Icon aria-hidden className={state === "copied" ? "text-good" : state === "failed" ? "text-bad" : undefined} />
        {withText && words}
        {withText && <span className="sr-only">{label}</span>}
      </Button>
      <span role="status" className="sr-only">
        {state === "copied" && `Copied ${label}`}
        {state === "failed" && `The browser did not allow copying ${label}. Select the text and copy it.`}
      </span>
    </>
  );
}

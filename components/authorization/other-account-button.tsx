"use client";

import { useState } from "react";
import { Button } from "#components/ui/button.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";

type OtherAccountButtonProps = {
  signOut: () => Promise<ActionResult<unknown>>;
  /** A path of this portal to come back to. */
  returnTo: string;
  /** Where it is about the same person once more. */
  label?: string;
  size?: "sm" | "md" | "lg";
};

/** Ends this browser's session and comes back as somebody else. */
export function OtherAccountButton({ signOut, returnTo, label, size }: OtherAccountButtonProps) {
  const [pending, setPending] = useState(false);
  async function change() {
    setPending(true);
    const result = await signOut();
    // Where ending the session failed the same page comes again, still signed in.
    window.location.assign(result.ok ? `/sign-in?returnTo=${encodeURIComponent(returnTo)}` : returnTo);
  }
  return (
    <Button
      variant={label ? "primary" : "ghost"}
      size={size ?? (label ? "lg" : "md")}
      pending={pending}
      onClick={() => void change()}
    >
      {label ?? "Use another account"}
    </Button>
  );
}

"use client";

import { useState } from "react";
import { toast } from "sonner";
import { Button } from "#components/ui/button.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { loadAfresh } from "./load-afresh.ts";

export function SignOutButton({ signOut }: { signOut: () => Promise<ActionResult<unknown>> }) {
  const [pending, setPending] = useState(false);
  async function leave() {
    setPending(true);
    const result = await signOut();
    if (result.ok) loadAfresh("/sign-in");
    else {
      toast.error(result.problem.message);
      setPending(false);
    }
  }
  return (
    <Button onClick={() => void leave()} pending={pending}>
      Sign out
    </Button>
  );
}

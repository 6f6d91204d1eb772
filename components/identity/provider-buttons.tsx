"use client";

import { useState } from "react";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { reached } from "#components/ui/reached.ts";
import type { FederationPurposeInput } from "#lib/features/identity-providers/contract.ts";
import { setOutTo } from "./auth-client.ts";
import { loadAfresh } from "./load-afresh.ts";

type ProviderButtonsProps = {
  providers: readonly { id: string; name: string }[];
  /** A path of this portal, already checked. */
  returnTo: string;
  /** What for. */
  errand: FederationPurposeInput;
};

/** The ways in that the tenant configured, one button each. */
export function ProviderButtons({ providers, returnTo, errand }: ProviderButtonsProps) {
  const [pending, setPending] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  async function begin(id: string) {
    setPending(id);
    setProblem(null);
    const result = await reached(setOutTo(id, { ...errand, returnTo }));
    if (result.ok) return loadAfresh(result.value.url);
    setProblem(result.problem.message);
    setPending(null);
  }

  return (
    <div className="border-line flex flex-col gap-3 border-b pb-5">
      {problem && <Notice tone="bad" live title={problem} />}
      {providers.map(({ id, name }) => (
        <Button key={id} size="lg" pending={pending === id} onClick={() => void begin(id)}>
          Continue with {name}
        </Button>
      ))}
    </div>
  );
}

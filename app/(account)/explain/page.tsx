import type { Metadata } from "next";
import { ExplainCall } from "#components/explanations/explain-call.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { requireContext } from "#lib/web/context.ts";
import { explainCallAction } from "./actions.ts";

export const metadata: Metadata = { title: "Why refused?" };

export default async function ExplainPage() {
  await requireContext("call:explain");
  return (
    <>
      <PageHeader
        title="Why was this call refused?"
        description="Every check that a gateway's question goes through, with what it asks for and what it sees."
      />
      <ExplainCall explain={explainCallAction} />
    </>
  );
}

"use client";

import { useCallback } from "react";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { ConnectionTestView, ProbePart } from "#lib/features/key-managers/contract.ts";
import { TestLadder } from "./test-ladder.tsx";

type StoredTestProps = {
  id: string;
  test: (input: { id: string; part: ProbePart }) => Promise<ActionResult<ConnectionTestView>>;
};

/** The connection test of a key manager as it is saved. */
export function StoredTest({ id, test }: StoredTestProps) {
  const run = useCallback((part: ProbePart) => test({ id, part }), [id, test]);
  return (
    <Card className="max-w-3xl">
      <CardHeader
        title="Connection test"
        description="Tries the saved settings from here to the server. It changes nothing and may be repeated."
      />
      <CardBody>
        <TestLadder run={run} />
      </CardBody>
    </Card>
  );
}

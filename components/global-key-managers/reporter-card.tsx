"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "#components/ui/button.tsx";
import { Card, CardBody, CardHeader, Fact, FactList } from "#components/ui/card.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Dialog, DialogContent } from "#components/ui/dialog.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { SecretOnce } from "#components/ui/secret-once.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { GlobalReporterView, NewGlobalReporterView } from "#lib/features/global-key-managers/contract.ts";

type ReporterCardProps = {
  keyManager: { id: string; displayName: string };
  /** Null where it has no credential. */
  reporter: GlobalReporterView | null;
  actions: {
    make: (input: { id: string }) => Promise<ActionResult<NewGlobalReporterView>>;
    remove: (input: { id: string }) => Promise<ActionResult<{ id: string }>>;
  };
};

/** The credential with which a global key manager reports what it revokes. */
export function ReporterCard({ keyManager: { id, displayName }, reporter, actions }: ReporterCardProps) {
  const router = useRouter();
  const [made, setMade] = useState<string | null>(null);

  async function make() {
    const result = await actions.make({ id });
    if (result.ok) setMade(result.value.credential);
    return result;
  }

  async function remove() {
    const result = await actions.remove({ id });
    if (result.ok) {
      toast.success(`${displayName} can report nothing any more.`);
      router.refresh();
    }
    return result;
  }

  return (
    <Card>
      <CardHeader
        title="Reports of revocations"
        description="With a credential it reports what it revokes, and gateways of every tenant that it serves refuse those tokens."
      />
      <CardBody>
        {reporter && (
          <FactList>
            <Fact term="Credential">
              <code className="text-sm">{reporter.prefix}…</code>
            </Fact>
            <Fact term="Created">
              <RelativeTime iso={reporter.createdAt} />
            </Fact>
            <Fact term="Last report">
              {reporter.lastUsedAt ? <RelativeTime iso={reporter.lastUsedAt} /> : "None yet"}
            </Fact>
          </FactList>
        )}
        <div className="flex flex-wrap gap-2">
          <ConfirmDialog
            trigger={<Button>{reporter ? "Replace credential" : "Create credential"}</Button>}
            title={reporter ? "Replace the credential?" : "Create a credential?"}
            description={
              reporter
                ? `The present one ends at once: ${displayName} reports nothing until it has the new one.`
                : `Whoever has it can revoke tokens of ${displayName} in every tenant that it serves.`
            }
            confirmLabel={reporter ? "Replace credential" : "Create credential"}
            tone={reporter ? "danger" : "primary"}
            onConfirm={make}
          />
          {reporter && (
            <ConfirmDialog
              trigger={<Button>Remove credential…</Button>}
              title="Remove the credential?"
              description={`At once ${displayName} can report nothing any more. What it has reported stays revoked.`}
              confirmLabel="Remove credential"
              onConfirm={remove}
            />
          )}
        </div>
      </CardBody>
      <Dialog open={made !== null} onOpenChange={(open) => !open && setMade(null)}>
        <DialogContent
          title={`${displayName} may report now`}
          description="Give it this credential. Anybody who has it can revoke its tokens in every tenant that it serves."
          size="sm"
          sticky
        >
          <SecretOnce
            label="Reporting credential"
            value={made ?? ""}
            onStored={() => {
              setMade(null);
              router.refresh();
            }}
          />
        </DialogContent>
      </Dialog>
    </Card>
  );
}

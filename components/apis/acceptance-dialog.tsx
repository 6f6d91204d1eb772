import { ThePath } from "#components/path/path.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import type { AcceptanceImpactView } from "#lib/features/apis/contract.ts";

type AcceptanceDialogProps = {
  api: string;
  /** Open while there is one. */
  impact: AcceptanceImpactView | null;
  answer: (isMeant: boolean) => void;
};

/** Asks before a published API is saved that refuses callers whom it lets in now, and says who they are. */
export function AcceptanceDialog({ api, impact, answer }: AcceptanceDialogProps) {
  const { keyManagers, applications, subscriptionValidation } = impact ?? nothing;
  const names = keyManagers.join(", ");
  const concerned = `${applications.count.toLocaleString("en")} ${applications.count === 1 ? "application" : "applications"}`;
  const more = applications.count - applications.names.length;
  return (
    <ConfirmDialog
      open={impact !== null}
      onOpenChange={(open) => !open && answer(false)}
      title={`Stop accepting ${names}?`}
      description={`Gateways follow within seconds: ${api} refuses every token from there. Keys and subscriptions stay; accepting it again restores everything.`}
      confirmLabel="Stop accepting"
      onConfirm={() => answer(true)}
    >
      <div className="bg-sunken rounded-lg px-3 py-4">
        <ThePath
          nodes={[{ name: concerned }, { name: names }, { name: api }]}
          links={["ok", { state: "broken", reason: "not accepted" }]}
        />
      </div>
      {applications.count > 0 && (
        <p>
          {concerned} subscribed to this API {applications.count === 1 ? "holds" : "hold"} active keys there and{" "}
          {applications.count === 1 ? "loses" : "lose"} access with them: {applications.names.join(", ")}
          {more > 0 && `, and ${more.toLocaleString("en")} more`}.
        </p>
      )}
      {!subscriptionValidation && (
        <p>This API asks for no subscription: whoever else calls it with tokens from there is refused too.</p>
      )}
    </ConfirmDialog>
  );
}

const nothing: AcceptanceImpactView = {
  keyManagers: [],
  applications: { count: 0, names: [] },
  subscriptionValidation: true,
};

import { ThePath, type PathLink } from "#components/path/path.tsx";
import { SubscriptionStateBadge } from "#components/subscriptions/subscription-state-badge.tsx";
import { UnsubscribeButton } from "#components/subscriptions/unsubscribe-button.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { ApiAccessView } from "#lib/features/apis/contract.ts";

type ApiAccessProps = {
  apiName: string;
  access: readonly ApiAccessView[];
  unsubscribe: (input: { id: string }) => Promise<ActionResult<unknown>>;
};

/** One Path for each of a person's keys: does it open this API, and where is it broken if not? */
export function ApiAccess({ apiName, access, unsubscribe }: ApiAccessProps) {
  return (
    <ul className="divide-line flex flex-col divide-y">
      {access.map((application) => (
        <li key={application.applicationId} className="flex flex-col gap-3 py-4 first:pt-0 last:pb-0">
          <ApplicationLine application={application} apiName={apiName} unsubscribe={unsubscribe} />
          {application.keys.map((key) => (
            <div key={key.keyMappingId} className="flex flex-col gap-1">
              <ThePath
                nodes={[
                  {
                    name: application.applicationName,
                    detail: key.keyType === "PRODUCTION" ? "Production keys" : "Sandbox keys",
                  },
                  { name: key.keyManagerName },
                  { name: apiName },
                ]}
                links={["ok", accessLink(application, key)]}
              />
              <p className="text-muted text-center text-sm">{key.reason ?? subscriptionReason(application)}</p>
            </div>
          ))}
          {application.keys.length === 0 && (
            <>
              <ThePath
                nodes={[{ name: application.applicationName }, { missing: true }, { name: apiName }]}
                links={["missing", "unknown"]}
              />
              <p className="text-muted text-center text-sm">
                No keys yet.{" "}
                <TextLink href={`/developer/applications/${application.applicationId}`}>Generate keys</TextLink>
              </p>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function ApplicationLine({
  application: { applicationId, applicationName, subscription },
  apiName,
  unsubscribe,
}: Omit<ApiAccessProps, "access"> & { application: ApiAccessView }) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <TextLink href={`/developer/applications/${applicationId}`} className="font-medium">
        {applicationName}
      </TextLink>
      {subscription ? (
        <>
          <SubscriptionStateBadge state={subscription.state} />
          <span className="text-muted text-sm">{subscription.planName}</span>
          <span className="ml-auto">
            <UnsubscribeButton
              id={subscription.id}
              applicationName={applicationName}
              apiName={apiName}
              unsubscribe={unsubscribe}
            />
          </span>
        </>
      ) : (
        <span className="text-muted text-sm">Not subscribed</span>
      )}
    </div>
  );
}

function accessLink({ subscription }: ApiAccessView, { reason, keyType }: ApiAccessView["keys"][number]): PathLink {
  if (reason !== null) return { state: "broken", reason };
  if (!subscription) return { state: "missing", reason: "not subscribed" };
  const blocked =
    subscription.state !== "ACTIVE" && !(subscription.state === "PRODUCTION_BLOCKED" && keyType === "SANDBOX");
  return blocked ? { state: "broken", reason: "the subscription is not active" } : "ok";
}

function subscriptionReason({ subscription }: ApiAccessView): string | null {
  return subscription ? null : "Subscribe the application to open the API with these keys.";
}

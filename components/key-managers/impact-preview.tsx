import type { ReactNode } from "react";
import { ThePath } from "#components/path/path.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { ImpactView } from "#lib/features/key-managers/contract.ts";
import { count } from "./words.ts";

type ImpactPreviewProps = { impact: ImpactView; displayName: string };

/** What would stop working, in figures and names. */
export function ImpactPreview({ impact, displayName }: ImpactPreviewProps) {
  const { publishedApis, activeKeys, applications, subscriptions } = impact;
  if (activeKeys === 0 && impact.apisLosingAccess.count === 0) {
    return (
      <Notice tone="good" title="Nothing stops working now">
        No application holds active keys of {displayName}, and every published API accepts another key manager.
      </Notice>
    );
  }
  return (
    <>
      <div className="bg-sunken rounded-lg px-3 py-4">
        <ThePath
          nodes={[
            { name: count(applications, "application") },
            { name: displayName },
            { name: count(publishedApis, "published API") },
          ]}
          links={[
            { state: "broken", reason: `${count(activeKeys, "active key")} refused` },
            { state: "broken", reason: "its tokens no longer count" },
          ]}
        />
      </div>
      <dl className="grid grid-cols-[max-content_1fr] gap-x-3 gap-y-1.5">
        <Figure value={activeKeys}>
          active {activeKeys === 1 ? "key" : "keys"} of {count(applications, "application")}: no new tokens, and every
          token is refused
        </Figure>
        <Figure value={subscriptions}>
          {subscriptions === 1 ? "subscription of this application" : "subscriptions of these applications"}, as far as
          they use these keys
        </Figure>
        <Named value={impact.applicationsLosingAccess}>
          {impact.applicationsLosingAccess.count === 1 ? "application has" : "applications have"} no other keys
        </Named>
        <Named value={impact.apisLosingAccess}>
          published {impact.apisLosingAccess.count === 1 ? "API accepts" : "APIs accept"} no other enabled key manager,
          so nobody can call {impact.apisLosingAccess.count === 1 ? "it" : "them"}
        </Named>
      </dl>
    </>
  );
}

function Figure({ value, children }: { value: number; children: ReactNode }) {
  return (
    <>
      <dt className="text-right font-semibold tabular-nums">{value.toLocaleString("en")}</dt>
      <dd className="m-0">{children}</dd>
    </>
  );
}

function Named({ value, children }: { value: { count: number; names: string[] }; children: ReactNode }) {
  const more = value.count - value.names.length;
  return (
    <Figure value={value.count}>
      {children}
      {value.names.length > 0 && (
        <span className="text-muted block text-sm">
          {value.names.join(", ")}
          {more > 0 && `, and ${more.toLocaleString("en")} more`}
        </span>
      )}
    </Figure>
  );
}

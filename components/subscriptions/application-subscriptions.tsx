import { Link } from "#components/ui/link.tsx";
import { TenantBadge } from "#components/apis/tenant-badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { CrossTenantSubscriptionView } from "#lib/features/cross-tenant-subscriptions/contract.ts";
import type { SubscriptionView } from "#lib/features/subscriptions/contract.ts";
import { SubscriptionStateBadge } from "./subscription-state-badge.tsx";
import { UnsubscribeButton } from "./unsubscribe-button.tsx";

type ApplicationSubscriptionsProps = {
  subscriptions: readonly SubscriptionView[];
  /** Those to APIs of other tenants. */
  foreign: readonly CrossTenantSubscriptionView[];
  unsubscribe: Unsubscribe;
  unsubscribeAcross: Unsubscribe;
};

type Unsubscribe = (input: { id: string }) => Promise<ActionResult<unknown>>;

/** The APIs that an application may call. */
export function ApplicationSubscriptions(props: ApplicationSubscriptionsProps) {
  const rows = [
    ...props.subscriptions.map((row) => ({ ...row, tenant: null, unsubscribe: props.unsubscribe })),
    ...props.foreign.map((row) => ({ ...row, tenant: row.api.tenant, unsubscribe: props.unsubscribeAcross })),
  ];
  return (
    <Card>
      <CardHeader
        title="Subscriptions"
        description="The APIs that this application may call."
        actions={
          <Button asChild>
            <Link href="/developer/apis">Browse APIs</Link>
          </Button>
        }
      />
      <CardBody>
        {rows.length === 0 ? (
          <p className="text-muted">None yet. Open an API and subscribe this application to it.</p>
        ) : (
          <Table label="Subscriptions">
            <TableHead>
              <TableRow>
                <TableHeader>API</TableHeader>
                <TableHeader>Plan</TableHeader>
                <TableHeader>State</TableHeader>
                <TableHeader>
                  <span className="sr-only">Actions</span>
                </TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {rows.map(({ id, api, application, plan, state, tenant, unsubscribe }) => (
                <TableRow key={id}>
                  <TableHeader scope="row">
                    <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
                      <TextLink href={`/developer/apis/${api.id}`}>
                        {api.name} {api.version}
                      </TextLink>
                      {tenant && <TenantBadge tenant={tenant} />}
                    </span>
                  </TableHeader>
                  <TableCell>{plan.name}</TableCell>
                  <TableCell>
                    <SubscriptionStateBadge state={state} />
                  </TableCell>
                  <TableCell className="text-right">
                    <UnsubscribeButton
                      id={id}
                      applicationName={application.name}
                      apiName={`${api.name} ${api.version}`}
                      unsubscribe={unsubscribe}
                    />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </CardBody>
    </Card>
  );
}

import type { Metadata } from "next";
import { ApiAccess } from "#components/apis/api-access.tsx";
import { ResourceTable } from "#components/apis/resource-table.tsx";
import { TenantBadge } from "#components/apis/tenant-badge.tsx";
import { SubscribeForm } from "#components/subscriptions/subscribe-form.tsx";
import { Badge } from "#components/ui/badge.tsx";
import { Card, CardBody, CardHeader, Fact, FactList } from "#components/ui/card.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import { getPublishedApi } from "#lib/features/apis/browse.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { subscribeAcrossAction, subscribeAction, unsubscribeAcrossAction, unsubscribeAction } from "../actions.ts";

export const metadata: Metadata = { title: "API" };

export default async function PublishedApiPage({ params }: PageProps<"/developer/apis/[id]">) {
  const ctx = await requireContext("api:browse");
  const { api, access } = await orNotFound(getPublishedApi(ctx, await params));
  const free = access
    .filter(({ subscription }) => subscription === null)
    .map(({ applicationId, applicationName }) => ({ id: applicationId, name: applicationName }));

  return (
    <>
      <PageHeader
        crumbs={[{ label: "APIs", href: "/developer/apis" }]}
        title={`${api.name} ${api.version}`}
        status={api.tenant && <TenantBadge tenant={api.tenant} />}
        description={api.description || undefined}
      />
      <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-6">
          <Card>
            <CardHeader
              title="Your access"
              description={
                api.tenant
                  ? `Which of your applications and keys open this API. ${api.tenant.name} takes keys of global key managers.`
                  : "Which of your applications and keys open this API."
              }
            />
            <CardBody>
              {access.length === 0 ? (
                <p className="text-muted">
                  You have no applications yet. <TextLink href="/developer/applications">Create one</TextLink>, then
                  subscribe it here.
                </p>
              ) : (
                <>
                  {free.length > 0 && api.plans.length > 0 && (
                    <SubscribeForm
                      key={free.map(({ id }) => id).join()}
                      apiId={api.id}
                      applications={free}
                      plans={api.plans}
                      subscribe={api.tenant ? subscribeAcrossAction : subscribeAction}
                    />
                  )}
                  <ApiAccess
                    apiName={`${api.name} ${api.version}`}
                    access={access}
                    unsubscribe={api.tenant ? unsubscribeAcrossAction : unsubscribeAction}
                  />
                </>
              )}
            </CardBody>
          </Card>
          <ResourceTable kind={api.kind} resources={api.resources} />
        </div>
        <Card>
          <CardHeader title="About" />
          <CardBody>
            <FactList className="gap-y-0 sm:grid-cols-1 sm:gap-y-0 [&>dd]:mb-3 last:[&>dd]:mb-0">
              {api.tenant && <Fact term="Tenant">{api.tenant.name}, at its own gateways</Fact>}
              <Fact term="Path at the gateway">
                <code className="font-mono text-sm break-all">
                  {api.context}/{api.version}
                </code>
              </Fact>
              <Fact term="Accepted key managers">
                {api.acceptAllKeyManagers ? (
                  "All"
                ) : api.keyManagers.length === 0 ? (
                  "None that serves your tenant"
                ) : (
                  <span className="flex flex-wrap gap-1">
                    {api.keyManagers.map(({ id, displayName, enabled }) => (
                      <Badge key={id} tone={enabled ? "neutral" : "warn"}>
                        {enabled ? displayName : `${displayName}, disabled`}
                      </Badge>
                    ))}
                  </span>
                )}
              </Fact>
              <Fact term="Plans">{api.plans.map(({ name }) => name).join(", ") || "None"}</Fact>
              <Fact term="Scopes">
                {api.scopes.length === 0 ? (
                  "None"
                ) : (
                  <ul className="flex flex-col gap-1">
                    {api.scopes.map(({ name, description }) => (
                      <li key={name}>
                        <code className="font-mono text-sm">{name}</code>
                        {description && <span className="text-muted text-sm"> {description}</span>}
                      </li>
                    ))}
                  </ul>
                )}
              </Fact>
            </FactList>
          </CardBody>
        </Card>
      </div>
    </>
  );
}

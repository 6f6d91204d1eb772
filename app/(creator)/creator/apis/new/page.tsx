import type { Metadata } from "next";
import { NewApi } from "#components/apis/new-api.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { listChoosableKeyManagers } from "#lib/features/key-managers/list-choosable.ts";
import { listPlans } from "#lib/features/plans/list.ts";
import { requireContext } from "#lib/web/context.ts";
import { createApiAction, importOpenApiAction } from "../actions.ts";

export const metadata: Metadata = { title: "Add API" };

export default async function NewApiPage() {
  const ctx = await requireContext("api:write");
  const [plans, keyManagers] = await Promise.all([listPlans(ctx, {}), listChoosableKeyManagers(ctx, {})]);
  return (
    <>
      <PageHeader
        crumbs={[{ label: "APIs", href: "/creator/apis" }]}
        title="Add API"
        description="Import an OpenAPI file or a GraphQL schema, or describe the API by hand."
      />
      <NewApi plans={plans} keyManagers={keyManagers} create={createApiAction} read={importOpenApiAction} />
    </>
  );
}

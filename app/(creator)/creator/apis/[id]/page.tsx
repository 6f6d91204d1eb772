import { ApiForm } from "#components/apis/api-form.tsx";
import { ApiMirrors } from "#components/scope-mirrors/api-mirrors.tsx";
import { listChoosableKeyManagers } from "#lib/features/key-managers/list-choosable.ts";
import { getApi } from "#lib/features/apis/read.ts";
import { listPlans } from "#lib/features/plans/list.ts";
import { listScopeMirrorsOfApi } from "#lib/features/scope-mirrors/list.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { requireContext } from "#lib/web/context.ts";
import { previewAcceptanceAction, retryMirroringOfApiAction, updateApiAction } from "../actions.ts";

export default async function ApiDefinitionPage({ params }: PageProps<"/creator/apis/[id]">) {
  const ctx = await requireContext("api:write");
  const { id } = await params;
  const [api, plans, keyManagers, mirrors] = await Promise.all([
    orNotFound(getApi(ctx, { id })),
    listPlans(ctx, {}),
    listChoosableKeyManagers(ctx, {}),
    orNotFound(listScopeMirrorsOfApi(ctx, { apiId: id })),
  ]);
  const { name, version, context, description, kind, scopes, acceptAllKeyManagers, subscriptionValidation, audiences } =
    api;
  const { subscriptionAvailability, subscriberTenants } = api;
  return (
    <div className="flex flex-col gap-6">
      <ApiForm
        key={api.revision}
        initial={{
          id,
          revision: api.revision,
          name,
          version,
          context,
          description,
          kind,
          scopes,
          // The stored method was one of the form's when it was saved.
          resources: api.resources as NonNullable<Parameters<typeof updateApiAction>[0]>["resources"],
          planIds: api.plans.map((plan) => plan.id),
          acceptAllKeyManagers,
          keyManagerIds: api.keyManagers.map((keyManager) => keyManager.id),
          subscriptionValidation,
          subscriptionAvailability,
          subscriberTenants,
          audiences,
        }}
        plans={plans}
        keyManagers={keyManagers}
        update={updateApiAction}
        previewAcceptance={previewAcceptanceAction}
      />
      <ApiMirrors apiId={id} mirrors={mirrors} retry={retryMirroringOfApiAction} />
    </div>
  );
}

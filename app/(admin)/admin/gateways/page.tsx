import type { Metadata } from "next";
import { BackendJwtForm } from "#components/gateways/backend-jwt-form.tsx";
import { Configurations } from "#components/gateways/configurations.tsx";
import { CredentialDialog } from "#components/gateways/credential-dialog.tsx";
import { CredentialTable } from "#components/gateways/credential-table.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { readBackendJwt } from "#lib/features/backend-jwt/read.ts";
import { ListGatewayCredentialsInput, searchLength } from "#lib/features/gateway-credentials/contract.ts";
import { listGatewayCredentials } from "#lib/features/gateway-credentials/list.ts";
import { readGatewayConfigurations } from "#lib/features/gateway-credentials/read-configurations.ts";
import { listReportingKeyManagers } from "#lib/features/revocations/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { createGatewayCredentialAction, revokeGatewayCredentialAction, updateBackendJwtAction } from "./actions.ts";

export const metadata: Metadata = { title: "Gateways" };

export default async function GatewaysPage({ searchParams }: PageProps<"/admin/gateways">) {
  const ctx = await requireContext("gateway_credential:read");
  const { q, cursor } = await readSearch(searchParams);
  const search = readWords(ListGatewayCredentialsInput.shape.search, q);
  const [{ items, nextCursor }, configurations, backendJwt, keyManagers] = await Promise.all([
    listGatewayCredentials(ctx, { ...(search ? { search } : {}), cursor }),
    readGatewayConfigurations(ctx, {}),
    readBackendJwt(ctx, {}),
    listReportingKeyManagers(ctx, {}),
  ]);
  const isNarrowed = Boolean(search) || Boolean(cursor);
  const add = ctx.permissions.has("gateway_credential:write") && (
    <CredentialDialog
      create={createGatewayCredentialAction}
      keyManagers={keyManagers}
      trigger={<Button variant="primary">Create credential</Button>}
    />
  );

  return (
    <>
      <PageHeader
        title="Gateways"
        description="A gateway asks Latchkey about each call to your APIs. It proves itself with a credential of its own."
        // Always in this place: where the list begins with the first credential, it is still on show in the dialog.
        actions={add}
      />
      {items.length === 0 && !isNarrowed ? (
        <EmptyState
          title="No gateway may ask yet"
          description="Create a credential, then give it to the gateway with the configuration below."
        />
      ) : (
        <div className="flex flex-col gap-3">
          <SearchField label="Search gateway credentials" maxLength={searchLength} placeholder="Name" />
          {items.length === 0 ? (
            <EmptyState title="Nothing matches" description="No credential has this name. Try fewer letters." />
          ) : (
            <CredentialTable
              items={items}
              revoke={ctx.permissions.has("gateway_credential:write") ? revokeGatewayCredentialAction : null}
            />
          )}
          <Pager nextCursor={nextCursor} />
        </div>
      )}
      <section aria-labelledby="configurations" className="flex flex-col gap-3">
        <div className="flex flex-col gap-1">
          <h2 id="configurations" className="text-lg font-semibold">
            Connect a gateway
          </h2>
          <p className="text-muted max-w-[68ch]">
            Every call is judged before it reaches the backend, which learns who calls. The credential goes into the
            configuration: let nobody but the gateway read it.
          </p>
        </div>
        <Configurations configurations={configurations} />
      </section>
      <section aria-labelledby="backend-jwt" className="flex max-w-3xl flex-col gap-3">
        <div className="flex flex-col gap-1">
          <h2 id="backend-jwt" className="text-lg font-semibold">
            Backend JWT
          </h2>
          <p className="text-muted max-w-[68ch]">
            A backend that must not take the gateway&apos;s word for who calls gets it signed by Latchkey: a JWT with
            the application, the subscription, the plan and the mapped claims of the access token. It opens no API.
          </p>
        </div>
        <BackendJwtForm view={backendJwt} save={updateBackendJwtAction} />
      </section>
    </>
  );
}

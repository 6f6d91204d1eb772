import { ThePath } from "#components/path/path.tsx";
import { Badge } from "#components/ui/badge.tsx";
import { Card, CardBody, CardHeader, Fact, FactList } from "#components/ui/card.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import { endpointLabels, type EndpointName, type KeyManagerView } from "#lib/features/key-managers/contract.ts";
import { Abilities } from "./abilities.tsx";
import { ConnectorName, TokenTypes } from "./key-manager-table.tsx";
import { tenantPlace, type KeyManagerPlace } from "./place.ts";
import { countUsers } from "./words.ts";

/** A key manager at a glance. */
export function KeyManagerOverview({ view, of = tenantPlace }: { view: KeyManagerView; of?: KeyManagerPlace }) {
  const { apis, applications } = view.usage;
  return (
    <div className="flex flex-col gap-5">
      {view.global && !of.runsGlobal && (
        <Notice title="This key manager is global">
          The operator of this installation runs it for several tenants. You use it like any other: developers get keys
          from it, and APIs accept its tokens. Its settings and credentials are the operator&apos;s.
        </Notice>
      )}
      <Card>
        <CardBody className="py-6">
          <ThePath
            nodes={[
              { name: countUsers(applications, "application"), missing: applications === 0 },
              { name: view.displayName },
              { name: apis > 0 ? `${countUsers(apis, "API")} by name` : "APIs that accept all" },
            ]}
            links={[
              applications === 0 ? "missing" : view.enabled ? "ok" : { state: "broken", reason: "disabled" },
              view.enabled ? "ok" : { state: "broken", reason: "disabled" },
            ]}
          />
          <p className="text-muted text-center text-sm">
            <TextLink href={`${of.base}/${view.id}/${of.usage}`}>See who uses it</TextLink>
          </p>
        </CardBody>
      </Card>
      <div className="grid gap-5 xl:grid-cols-2">
        <Card>
          <CardHeader title="Identity" />
          <CardBody>
            <FactList>
              <Fact term="Kind">
                <ConnectorName connector={view.connector} />
              </Fact>
              <Fact term="Name">
                <Identifier value={view.name} label="Name" />
              </Fact>
              <Fact term="Issuer">
                <Identifier value={view.issuer} label="Issuer" />
              </Fact>
              <Fact term="Tokens reach APIs">
                <TokenTypes methods={view.tokenTypes} />
              </Fact>
              <Fact term="Tokens are checked">
                {view.validationMethod === "SELF" ? "by their signature" : "by asking the server"}
              </Fact>
              <Fact term="Token handling">
                <Handling view={view} />
              </Fact>
              <Fact term="Signing keys">
                <SigningKeys view={view} />
              </Fact>
              <Fact term="Changed">
                <RelativeTime iso={view.updatedAt} />
              </Fact>
            </FactList>
          </CardBody>
        </Card>
        <Card>
          <CardHeader title="Endpoints" />
          <CardBody>
            <FactList>
              {(Object.keys(endpointLabels) as EndpointName[]).map((name) => {
                const address = view.endpoints[name];
                return (
                  address && (
                    <Fact key={name} term={endpointLabels[name]}>
                      <Identifier value={address} label={endpointLabels[name]} />
                    </Fact>
                  )
                );
              })}
            </FactList>
          </CardBody>
        </Card>
        <Card className="xl:col-span-2">
          <CardHeader title="What developers may do" />
          <CardBody>
            <FactList>
              <Fact term="Grant types">
                <span className="flex flex-wrap gap-1">
                  {view.grantTypes.length === 0 && <span className="text-muted">None is offered</span>}
                  {view.grantTypes.map((grant) => (
                    <Badge key={grant} icon={null}>
                      <code>{grant}</code>
                    </Badge>
                  ))}
                </span>
              </Fact>
              <Fact term="Generate keys">
                <Allowed on={view.clientCreation} />
              </Fact>
              <Fact term="Map existing keys">
                <Allowed on={view.clientMapping} />
              </Fact>
              <Fact term="Get test tokens">
                <Allowed on={view.tokenGeneration} />
              </Fact>
              {view.connector.capabilities.includes("scopes") && (
                <Fact term="Application scopes">
                  <Allowed on={view.applicationScopes} />
                </Fact>
              )}
            </FactList>
          </CardBody>
        </Card>
        <Abilities connector={view.connector} />
      </div>
    </div>
  );
}

function SigningKeys({ view: { signingKeys } }: { view: KeyManagerView }) {
  if (signingKeys.kind === "jwks") return <Identifier value={signingKeys.url} label="Key set" />;
  return signingKeys.kind === "pem" ? "a pasted certificate or public key" : <span className="text-muted">none</span>;
}

function Handling({ view: { tokenHandling } }: { view: KeyManagerView }) {
  if (tokenHandling.kind === "NONE") return <span className="text-muted">by their issuer alone</span>;
  if (tokenHandling.kind === "REFERENCE") {
    return (
      <>
        opaque tokens that match <code className="break-all">{tokenHandling.pattern}</code>
      </>
    );
  }
  return (
    <ul>
      {tokenHandling.claims.map(({ claim, pattern }) => (
        <li key={claim}>
          <code className="break-all">{claim}</code> matches <code className="break-all">{pattern}</code>
        </li>
      ))}
    </ul>
  );
}

function Allowed({ on }: { on: boolean }) {
  return on ? <Badge tone="good">Allowed</Badge> : <Badge>Switched off</Badge>;
}

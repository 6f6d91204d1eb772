"use client";

import { Pencil, Plus, RotateCw, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { toast } from "sonner";
import { z } from "zod";
import { ActionForm, FormFooter, FormSection, SubmitButton } from "#components/form/action-form.tsx";
import { TextField, UrlField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { ThePath } from "#components/path/path.tsx";
import { SchemaForm } from "#components/schema-form/schema-form.tsx";
import { PortalShell } from "#components/shell/portal-shell.tsx";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { Card, CardBody, CardFooter, CardHeader, Fact, FactList } from "#components/ui/card.tsx";
import { Checkbox } from "#components/ui/checkbox.tsx";
import { CodeBlock } from "#components/ui/code-block.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Dialog, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Field } from "#components/ui/field.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { Input, Textarea } from "#components/ui/input.tsx";
import { Menu, MenuItem, MenuSeparator } from "#components/ui/menu.tsx";
import { Monogram } from "#components/ui/monogram.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { RadioGroup } from "#components/ui/radio-group.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { SecretOnce } from "#components/ui/secret-once.tsx";
import { Select } from "#components/ui/select.tsx";
import { Steps } from "#components/ui/steps.tsx";
import { Switch } from "#components/ui/switch.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { LinkTabs, Tabs, TabsContent, TabsList, TabsTrigger } from "#components/ui/tabs.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import { Tooltip } from "#components/ui/tooltip.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { initialValues } from "#lib/connector-kit/descriptors.ts";
import { connectionFields, keyManagers } from "./samples.ts";

const accepted = (): Promise<ActionResult<null>> => Promise.resolve({ ok: true, value: null });
const refused = (): Promise<ActionResult<null>> =>
  Promise.resolve({
    ok: false,
    problem: { code: "key_manager.in_use", message: "3 APIs accept this key manager.", fields: [] },
  });

/** Every primitive in every state, inside the shell. */
export function Gallery() {
  return (
    <PortalShell
      areas={[
        {
          label: "Develop",
          links: [
            { href: "/developer/applications", label: "Applications", icon: "applications" },
            { href: "/developer/apis", label: "API catalogue", icon: "catalogue" },
          ],
        },
        {
          label: "Administer",
          links: [
            { href: "/gallery", label: "Key managers", icon: "key-managers" },
            { href: "/admin/people", label: "People", icon: "people" },
            { href: "/admin/audit", label: "Audit", icon: "audit" },
          ],
        },
      ]}
      beginnings={[{ href: "/admin/key-managers/new", label: "Connect a key manager", icon: "add" }]}
      tenant={{ id: "1", name: "Nordwind Logistics", slug: "nordwind" }}
      tenants={[
        { id: "1", name: "Nordwind Logistics", slug: "nordwind" },
        { id: "2", name: "Havel Energy", slug: "havel" },
      ]}
      beyond={[{ id: "3", name: "Elbe Ports", slug: "elbe" }]}
      person={{ name: "Mina Okafor", email: "mina@nordwind.example" }}
      switchTenant={accepted}
      signOut={accepted}
      search={(words) =>
        Promise.resolve(
          keyManagers
            .filter(({ name }) => name.toLowerCase().includes(words.toLowerCase()))
            .map(({ name, issuer }) => ({
              href: `/gallery?found=${name}`,
              label: name,
              detail: issuer,
              icon: "key-managers",
            })),
        )
      }
      collapsed={false}
    >
      <Listing />
      <Controls />
      <Forms />
      <Feedback />
      <Paths />
      <Overlays />
    </PortalShell>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex min-w-0 flex-col gap-4">
      <h2 className="text-lg font-semibold">{title}</h2>
      {children}
    </section>
  );
}

function Listing() {
  const [listed, setListed] = useState(keyManagers);
  return (
    <>
      <PageHeader
        title="Key managers"
        description="The authorization servers whose tokens open your APIs."
        crumbs={[{ label: "Administer", href: "/gallery" }]}
        actions={
          <>
            <Button>
              <RotateCw aria-hidden />
              Test all
            </Button>
            <Button variant="primary">
              <Plus aria-hidden />
              Connect a key manager
            </Button>
          </>
        }
      />
      <LinkTabs
        label="Key managers"
        tabs={[
          { label: "All", href: "/gallery" },
          { label: "Enabled", href: "/gallery?state=enabled" },
          { label: "Disabled", href: "/gallery?state=disabled" },
        ]}
      />
      <div className="flex flex-wrap items-center gap-2">
        <SearchField label="Search key managers" maxLength={200} placeholder="Name or issuer" />
      </div>
      <div className="flex flex-col gap-3">
        <Table label="Key managers">
          <TableHead>
            <TableRow>
              <TableHeader>Name</TableHeader>
              <TableHeader>State</TableHeader>
              <TableHeader>Issuer</TableHeader>
              <TableHeader className="text-right">APIs</TableHeader>
              <TableHeader>Changed</TableHeader>
              <TableHeader>
                <span className="sr-only">Actions</span>
              </TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {listed.map(({ name, monogram, kind, tone, state, issuer, apis, changed }) => (
              <TableRow key={name}>
                <TableHeader scope="row">
                  <span className="flex items-center gap-2.5">
                    <Monogram text={monogram} size="sm" />
                    <span className="flex items-baseline gap-2 whitespace-nowrap">
                      <TextLink href="/gallery" className="text-ink no-underline hover:underline">
                        {name}
                      </TextLink>
                      <span className="text-muted text-sm font-normal">{kind}</span>
                    </span>
                  </span>
                </TableHeader>
                <TableCell>
                  <Badge tone={tone}>{state}</Badge>
                </TableCell>
                <TableCell className="max-w-72">
                  <Identifier value={issuer} label="issuer" />
                </TableCell>
                <TableCell numeric>{apis}</TableCell>
                <TableCell>
                  <RelativeTime iso={changed} />
                </TableCell>
                <TableCell className="w-10 text-right">
                  <RowMenu name={name} remove={() => setListed(listed.filter((one) => one.name !== name))} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
        <Pager nextCursor="next" />
      </div>
    </>
  );
}

function RowMenu({ name, remove }: { name: string; remove: () => void }) {
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <Menu label={`Actions for ${name}`}>
        <MenuItem icon={Pencil} href="/gallery">
          Edit
        </MenuItem>
        <MenuItem
          icon={RotateCw}
          onSelect={() => toast.success("Connection tested", { description: "All four steps passed." })}
        >
          Test connection
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={Trash2} danger onSelect={() => setDeleting(true)}>
          Delete…
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete ${name}?`}
        description="It goes from this list until the page is loaded again."
        confirmLabel="Delete key manager"
        onConfirm={remove}
      />
    </>
  );
}

function Controls() {
  return (
    <Part title="Controls">
      <div className="flex flex-wrap items-center gap-2">
        <Button variant="primary">Generate keys</Button>
        <Button>Test connection</Button>
        <Button variant="ghost">Cancel</Button>
        <Button variant="danger">Delete</Button>
        <Button variant="primary" pending>
          Generate keys
        </Button>
        <Button pending>Test connection</Button>
        <Button disabled>Not available</Button>
        <Button size="sm">Small</Button>
        <Button size="lg" variant="primary">
          Large
        </Button>
        <Tooltip content="Says a little more">
          <Button variant="ghost">With tooltip</Button>
        </Tooltip>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone="good">Active</Badge>
        <Badge tone="warn">Expires in 9 days</Badge>
        <Badge tone="bad">Failing</Badge>
        <Badge tone="accent">Publishing</Badge>
        <Badge>Disabled</Badge>
        <Badge icon={null}>RS256</Badge>
      </div>
      <div className="flex flex-wrap gap-x-8 gap-y-4">
        <Checkbox label="Introspect opaque tokens" help="Asks the key manager on a cache miss." defaultChecked />
        <Checkbox label="Not chosen" />
        <Checkbox label="Not available" disabled defaultChecked />
        <Switch label="Enabled" defaultChecked help="Tokens are accepted." />
        <Switch label="Off" />
        <Switch label="Not available" disabled />
      </div>
      <Card>
        <CardHeader
          title="Production keys"
          description="Billing sync · Keycloak"
          actions={<Button size="sm">Edit</Button>}
        />
        <CardBody>
          <FactList>
            <Fact term="Consumer key">
              <Identifier value="0b9f31c2-77aa-4c0e-9e0c-52a1f0b7d9e3" label="consumer key" />
            </Fact>
            <Fact term="Grant types">Client credentials, refresh token</Fact>
            <Fact term="Created">
              <RelativeTime iso="2026-03-02T10:00:00.000Z" />
            </Fact>
          </FactList>
          <Tabs defaultValue="curl">
            <TabsList aria-label="Snippets">
              <TabsTrigger value="curl">cURL</TabsTrigger>
              <TabsTrigger value="node">Node.js</TabsTrigger>
            </TabsList>
            <TabsContent value="curl">
              <CodeBlock
                label="cURL command"
                code={
                  'curl -s https://id.nordwind.example/realms/main/protocol/openid-connect/token \\\n  -u "$CONSUMER_KEY:$CONSUMER_SECRET" \\\n  -d grant_type=client_credentials -d scope=orders:read'
                }
              />
            </TabsContent>
            <TabsContent value="node">
              <CodeBlock
                label="Node.js"
                code={'const token = await client.clientCredentials({ scope: "orders:read" });'}
              />
            </TabsContent>
          </Tabs>
        </CardBody>
        <CardFooter>
          <Button size="sm">Regenerate secret</Button>
        </CardFooter>
      </Card>
    </Part>
  );
}

const KeyManagerInput = z.object({
  name: z.string().trim().min(1, "Enter a name."),
  issuer: z.string().startsWith("https://", "Enter an address that begins with https://."),
  connection: z.record(z.string(), z.unknown()),
});

function Forms() {
  const form = useActionForm({
    schema: KeyManagerInput,
    action: (): Promise<ActionResult<null>> =>
      Promise.resolve({
        ok: false,
        problem: {
          code: "input.invalid",
          message: "Some fields need your attention.",
          fields: [
            { path: "connection.adminUrl", message: "This host resolves to a private address." },
            { path: "connection.timeout", message: "Use at most 60 seconds." },
          ],
        },
      }),
    defaultValues: { name: "", issuer: "", connection: initialValues(connectionFields) },
  });
  return (
    <Part title="Forms">
      <div className="grid gap-8 xl:grid-cols-2">
        <div className="flex max-w-180 flex-col gap-5">
          <Field label="Name" help="Lower case, no spaces. It appears in addresses.">
            <Input defaultValue="keycloak-prod" />
          </Field>
          <Field
            label="Issuer"
            error="The metadata names another issuer: https://id.nordwind.example/realms/main"
            required
          >
            <Input defaultValue="https://id.nordwind.example/realms/man" mono />
          </Field>
          <Field label="Description" optional>
            <Textarea placeholder="What this key manager is for" />
          </Field>
          <Field label="Client authentication">
            <Select
              options={[
                { value: "basic", label: "Client secret in the header" },
                { value: "post", label: "Client secret in the body" },
              ]}
            />
          </Field>
          <Field label="Read only">
            <Input readOnly defaultValue="https://id.nordwind.example/realms/main" mono />
          </Field>
          <Field label="Not available">
            <Input disabled defaultValue="Managed by the installation" />
          </Field>
          <Field
            label="Token validation"
            group
            help="Self-contained tokens are checked without asking the key manager."
          >
            <RadioGroup
              name="validation"
              defaultValue="self"
              tiles
              options={[
                { value: "self", label: "Check signatures", help: "JWTs, by the key set" },
                { value: "introspect", label: "Introspect", help: "Opaque tokens, by a call" },
              ]}
            />
          </Field>
        </div>
        <ActionForm form={form} label="Connect a key manager" className="max-w-180">
          <FormSection title="Connection" description="Where the server is and how the portal signs in there.">
            <TextField name="name" label="Name" />
            <UrlField name="issuer" label="Issuer" placeholder="https://" />
            <SchemaForm descriptors={connectionFields} prefix="connection" storedSecrets={["initialToken"]} />
          </FormSection>
          <FormFooter>
            <SubmitButton>Connect</SubmitButton>
            <Button variant="ghost">Cancel</Button>
          </FormFooter>
        </ActionForm>
      </div>
    </Part>
  );
}

function Feedback() {
  const [stored, setStored] = useState(false);
  return (
    <Part title="Feedback">
      <div className="grid gap-3 lg:grid-cols-2">
        <Notice tone="good" title="Connection proved">
          All four steps passed in 412 ms.
        </Notice>
        <Notice tone="warn" title="The certificate expires in 9 days">
          Ask whoever runs the server to renew it.
        </Notice>
        <Notice tone="bad" title="The key manager refused the credentials">
          invalid_client: Client secret is wrong.
        </Notice>
        <Notice tone="accent" title="Discovery found 9 of 9 endpoints" actions={<Button size="sm">Review</Button>} />
        <Notice title="Nothing is written until you save" />
      </div>
      <Card>
        <CardBody>
          <Steps
            label="Connection test"
            steps={[
              { id: "1", title: "Discovery", state: "passed", detail: "9 endpoints, issuer matches", durationMs: 84 },
              {
                id: "2",
                title: "Key set",
                state: "warned",
                detail: "One of three keys has no algorithm",
                durationMs: 31,
              },
              {
                id: "3",
                title: "Administrator sign-in",
                state: "failed",
                detail: "invalid_client: copy the secret again from the Credentials tab of the client.",
                durationMs: 120,
              },
              { id: "4", title: "Register a probe client", state: "running" },
              { id: "5", title: "Issue a token", state: "waiting" },
              { id: "6", title: "Introspection", state: "skipped", detail: "No introspection endpoint" },
            ]}
          />
        </CardBody>
      </Card>
      {stored ? (
        <Notice tone="good" live title="Gone from here" />
      ) : (
        <SecretOnce
          label="Consumer secret"
          value="tN4p-9fWc_Yq2LrX7bVhK0sJ3mUzE8aD6gTiOyR1"
          fileName="consumer-secret.txt"
          onStored={() => setStored(true)}
        />
      )}
    </Part>
  );
}

function Paths() {
  return (
    <Part title="The Path">
      <EmptyState
        picture={
          <ThePath
            nodes={[{ name: "Billing sync" }, { missing: true }, { name: "Orders 1.4" }]}
            links={["missing", "unknown"]}
          />
        }
        title="No keys yet"
        description="Generate keys at a key manager that your APIs accept."
        action={<Button variant="primary">Generate keys</Button>}
      />
      <div className="grid gap-4 lg:grid-cols-2">
        <Card>
          <CardBody>
            <ThePath
              nodes={[{ name: "Billing sync" }, { name: "keycloak-prod" }, { name: "Orders 1.4" }]}
              links={["ok", { state: "broken", reason: "not subscribed" }]}
            />
          </CardBody>
        </Card>
        <Card>
          <CardBody>
            <ThePath
              nodes={[{ name: "Billing sync" }, { name: "built-in" }, { name: "Orders 1.4" }]}
              links={["ok", "ok"]}
            />
          </CardBody>
        </Card>
      </div>
    </Part>
  );
}

function Overlays() {
  return (
    <Part title="Overlays">
      <div className="flex flex-wrap gap-2">
        <Dialog>
          <DialogTrigger asChild>
            <Button>Open a dialog</Button>
          </DialogTrigger>
          <DialogContent title="Get a token" description="For trying things out; it is shown once.">
            <Field label="Scopes" group>
              <Checkbox label="orders:read" defaultChecked />
              <Checkbox label="orders:write" />
            </Field>
            <DialogFooter>
              <Button variant="primary">Get token</Button>
            </DialogFooter>
          </DialogContent>
        </Dialog>
        <ConfirmDialog
          trigger={<Button>Delete, refused</Button>}
          title="Delete keycloak-prod?"
          description="Its clients stay at the server. This cannot be undone."
          confirmLabel="Delete key manager"
          typeToConfirm="keycloak-prod"
          onConfirm={refused}
        />
        <Button
          onClick={() => toast.success("Key manager saved", { action: { label: "Undo", onClick: () => undefined } })}
        >
          Show a toast
        </Button>
      </div>
    </Part>
  );
}

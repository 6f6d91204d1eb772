"use client";

import { useRef } from "react";
import { useFormContext, useWatch } from "react-hook-form";
import {
  CheckboxesField,
  CheckboxField,
  ListField,
  RadioField,
  TextareaField,
  TextField,
  UrlField,
} from "#components/form/fields.tsx";
import { CertificateField } from "#components/schema-form/certificate-field.tsx";
import {
  endpointLabels,
  type ConnectorView,
  type EndpointName,
  type RegisterKeyManagerInput,
} from "#lib/features/key-managers/contract.ts";
import { foreignHostsOf } from "./form-values.ts";
import { HandlingFields } from "./handling-fields.tsx";

type ConnectorProps = { connector: ConnectorView };

/** What people read: display name and description. */
export function WordFields() {
  return (
    <>
      <TextField name="displayName" label="Display name" help="What developers and creators see." maxLength={100} />
      <TextareaField name="description" label="Description" optional rows={2} maxLength={256} />
    </>
  );
}

const shown: readonly EndpointName[] = [
  "token",
  "authorization",
  "registration",
  "introspection",
  "revocation",
  "userinfo",
  "scopeManagement",
];

const endpointHelp: Partial<Record<EndpointName, string>> = {
  token: "Where clients get tokens.",
  registration: "Where the portal creates OAuth clients.",
  introspection: "Where opaque tokens are looked up.",
  displayToken: "Shown to developers in place of the token endpoint. Blank shows the real one.",
  displayRevocation: "Shown to developers in place of the revocation endpoint. Blank shows the real one.",
};

/** Issuer and endpoints; those that this kind has no use for are left out. */
export function EndpointFields({ connector }: ConnectorProps) {
  return (
    <>
      <UrlField name="wellKnownUrl" label="Well-known address" optional help="Where the server describes itself." />
      <UrlField name="issuer" label="Issuer" help="Must equal “iss” in its tokens, character by character." />
      {shown.map((name) => (
        <Endpoint key={name} name={name} connector={connector} />
      ))}
      <DisplayEndpointFields connector={connector} />
      <ForeignHosts />
    </>
  );
}

/** The addresses that are only shown to people. */
export function DisplayEndpointFields({ connector }: ConnectorProps) {
  return (
    <>
      <Endpoint name="displayToken" connector={connector} />
      <Endpoint name="displayRevocation" connector={connector} />
    </>
  );
}

function Endpoint({ name, connector }: ConnectorProps & { name: EndpointName }) {
  const use = connector.endpoints[name];
  if (use === "unused") return null;
  return (
    <UrlField
      name={`endpoints.${name}`}
      label={endpointLabels[name]}
      optional={use === "optional"}
      help={endpointHelp[name]}
    />
  );
}

/** Each foreign host is agreed to by itself, in words that say what it will receive. */
export function ForeignHosts() {
  const [issuer, endpoints] = useWatch<RegisterKeyManagerInput, ["issuer", "endpoints"]>({
    name: ["issuer", "endpoints"],
  });
  const hosts = foreignHostsOf(issuer, endpoints ?? {});
  if (hosts.length === 0) return null;
  return (
    <div className="border-warn/40 bg-warn-soft rounded-lg border p-3">
      <CheckboxesField
        name="confirmedHosts"
        label="Credentials would go to other hosts than the issuer's"
        help="Agree only where you know that they belong to the same organisation."
        options={hosts.map((host) => ({ value: host, label: <code>{host}</code> }))}
      />
    </div>
  );
}

const methodOptions = [
  { value: "SELF", label: "Check the signature", help: "Fast; nobody is asked. For tokens that are JWTs." },
  { value: "INTROSPECT", label: "Ask the server", help: "Looks each token up at the introspection endpoint." },
];
const keyOptions = [
  { value: "jwks", label: "Key set address" },
  { value: "pem", label: "Certificate or public key" },
  { value: "none", label: "None" },
];

/** How tokens are checked: keys, the way of validation, and the claims that are read. */
export function TokenFields({ connector }: ConnectorProps) {
  const { setValue, clearErrors } = useFormContext<RegisterKeyManagerInput>();
  const keys = useWatch<RegisterKeyManagerInput, "signingKeys">({ name: "signingKeys" });
  const method = useWatch<RegisterKeyManagerInput, "validationMethod">({ name: "validationMethod" });
  // A choice that is come back to still holds what was typed.
  const remembered = useRef({ url: "", value: "" });
  const kind = keys?.kind ?? "none";

  function choose(next: string) {
    if (keys?.kind === "jwks") remembered.current.url = keys.url;
    if (keys?.kind === "pem") remembered.current.value = keys.value;
    clearErrors("signingKeys");
    const { url, value } = remembered.current;
    const chosen =
      next === "jwks"
        ? ({ kind: "jwks", url } as const)
        : next === "pem"
          ? ({ kind: "pem", value } as const)
          : ({ kind: "none" } as const);
    setValue("signingKeys", chosen, { shouldDirty: true });
  }

  return (
    <>
      <RadioField
        name="validationMethod"
        label="How tokens are checked"
        options={connector.capabilities.includes("introspectToken") ? methodOptions : methodOptions.slice(0, 1)}
        help={connector.missing.introspectToken}
      />
      <RadioField
        name="signingKeys.kind"
        label="Signing keys"
        options={method === "INTROSPECT" ? keyOptions : keyOptions.slice(0, 2)}
        onChoose={choose}
        inline
      />
      {kind === "jwks" && <UrlField name="signingKeys.url" label="Key set address" />}
      {kind === "pem" && (
        <CertificateField name="signingKeys.value" label="Certificate or public key" help="PEM, pasted or uploaded." />
      )}
      <TextField
        name="consumerKeyClaim"
        label="Consumer key claim"
        optional
        mono
        placeholder={connector.consumerKeyClaims.join(", ")}
        help="Which claim names the client. Blank tries what is usual for this kind, in the order shown."
      />
      <TextField
        name="scopesClaim"
        label="Scopes claim"
        optional
        mono
        placeholder={connector.scopesClaims.join(", ")}
        help="Which claim holds the scopes. Blank tries what is usual for this kind."
      />
      <HandlingFields connector={connector} />
    </>
  );
}

/** What developers may do with it. */
export function OfferFields({ connector }: { connector: ConnectorView }) {
  return (
    <>
      <ListField
        name="grantTypes"
        label="Grant types"
        mono
        optional
        placeholder="client_credentials"
        help="Only these are offered to developers."
        maximumItems={40}
      />
      <CheckboxField name="clientCreation" label="Generate keys" help="Developers create OAuth clients here." />
      <CheckboxField name="clientMapping" label="Map existing keys" help="Developers attach clients that they have." />
      <CheckboxField
        name="mappedClientCheck"
        label="Look mapped keys up at the server"
        help="Off, mapped keys are shown as stored and the server is not asked about them."
      />
      {connector.capabilities.includes("issueToken") ? (
        <CheckboxField name="tokenGeneration" label="Get test tokens" help="Developers get tokens in the portal." />
      ) : (
        <Gap label="Get test tokens" reason={connector.missing.issueToken} />
      )}
      {connector.capabilities.includes("scopes") ? (
        <CheckboxField name="applicationScopes" label="Application scopes" help={applicationScopesHelp(connector)} />
      ) : (
        <Gap label="Application scopes" reason={connector.missing.scopes} />
      )}
    </>
  );
}

function applicationScopesHelp({ name, scopeGrants }: ConnectorView): string {
  const help =
    "Developers choose which scopes of their APIs an application's own tokens (client credentials) may carry.";
  if (scopeGrants === "each_client") return help;
  return `${help} ${name} lets every client ask for any scope, so the choice holds for tokens that are got here, and not for what programs ask for themselves.`;
}

/** In the place of a setting that this kind of key manager cannot offer. */
function Gap({ label, reason }: { label: string; reason: string | undefined }) {
  return (
    <p className="text-muted ml-6 text-sm">
      <span className="text-ink">{label}</span>: {reason}
    </p>
  );
}

import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { InteractionRef } from "#lib/authorization-server/addresses.ts";
import { field } from "#lib/connector-kit/fields.ts";
import { ApiInput, ListApisInput } from "./apis/contract.ts";
import { ApplicationInput, ListApplicationsInput } from "./applications/contract.ts";
import { ListAuditInput } from "./audit/contract.ts";
import { BackendJwtInput } from "./backend-jwt/contract.ts";
import { CreateGatewayCredentialInput, ListGatewayCredentialsInput } from "./gateway-credentials/contract.ts";
import { TenantAddresses } from "./global-key-managers/contract.ts";
import { AddIdentityProviderInput, EditIdentityProviderInput } from "./identity-providers/contract.ts";
import { LinkInput, SignInInput } from "./identity/contract.ts";
import { DiscoverInput, ListKeyManagersInput, RegisterKeyManagerInput } from "./key-managers/contract.ts";
import { AddSecretInput, FindApplicationsInput, RemoveSecretInput } from "./key-mappings/contract.ts";
import {
  AcceptInvitationInput,
  InviteInput,
  ListInvitationsInput,
  ListPeopleInput,
  PasswordLinkForEmailInput,
} from "./people/contract.ts";
import { EditPlanInput, PlanInput } from "./plans/contract.ts";
import { CreateTenantInput, ListTenantsInput } from "./tenants/contract.ts";

/** A field of each builder that takes text. */
const ofConnector = z.strictObject({
  text: field.text({ label: "Text" }),
  lines: field.text({ label: "Lines", multiline: true }),
  secret: field.secret({ label: "Secret" }),
  list: field.list({ label: "List" }),
  url: field.url({ label: "Address" }),
  addresses: field.list({ label: "Addresses", items: "url" }),
  certificate: field.certificate({ label: "Certificate" }),
});

type Place = readonly [schema: z.ZodType, path: (string | number)[]];

/** Where people may write in their own alphabet. */
const freeText: Record<string, Place> = {
  "name of a tenant": [CreateTenantInput, ["name"]],
  "search for tenants": [ListTenantsInput, ["search"]],
  "name of a person, by link": [LinkInput, ["name"]],
  "name of a person, by invitation": [AcceptInvitationInput, ["name"]],
  "address that signs in": [SignInInput, ["email"]],
  "search for people": [ListPeopleInput, ["search"]],
  "search for invitations": [ListInvitationsInput, ["search"]],
  "name of a plan": [PlanInput, ["name"]],
  "description of a plan": [EditPlanInput, ["description"]],
  "name of an API": [ApiInput, ["name"]],
  "description of an API": [ApiInput, ["description"]],
  "description of a scope": [ApiInput, ["scopes", 0, "description"]],
  "audience of an API": [ApiInput, ["audiences", 0]],
  "tenant that may subscribe": [ApiInput, ["subscriberTenants", 0]],
  "search for APIs": [ListApisInput, ["search"]],
  "name of an application": [ApplicationInput, ["name"]],
  "description of an application": [ApplicationInput, ["description"]],
  "search for applications": [ListApplicationsInput, ["search"]],
  "name of an identity provider": [AddIdentityProviderInput, ["name"]],
  "client id at an identity provider": [EditIdentityProviderInput, ["clientId"]],
  "client secret of an identity provider": [AddIdentityProviderInput, ["clientSecret"]],
  "client secret of an identity provider, edited": [EditIdentityProviderInput, ["clientSecret"]],
  "issuer of an identity provider": [AddIdentityProviderInput, ["issuer"]],
  "search of the audit": [ListAuditInput, ["search"]],
  "subject of the audit": [ListAuditInput, ["subject"]],
  "name of a gateway credential": [CreateGatewayCredentialInput, ["name"]],
  "claim left out of backend JWTs": [BackendJwtInput, ["omittedClaims", 0]],
  "search for gateway credentials": [ListGatewayCredentialsInput, ["search"]],
  "display name of a key manager": [RegisterKeyManagerInput, ["displayName"]],
  "description of a key manager": [RegisterKeyManagerInput, ["description"]],
  "name of a key manager": [RegisterKeyManagerInput, ["name"]],
  "address of a key manager": [DiscoverInput, ["wellKnownUrl"]],
  "search for key managers": [ListKeyManagersInput, ["search"]],
  "tenant that a key manager serves": [TenantAddresses, [0]],
  "search for applications to attach a client to": [FindApplicationsInput, ["search"]],
  "description of a consumer secret": [AddSecretInput, ["description"]],
  "consumer secret that is removed": [RemoveSecretInput, ["secretId"]],
  "text of a connector": [ofConnector, ["text"]],
  "text of a connector, of several lines": [ofConnector, ["lines"]],
  "secret of a connector": [ofConnector, ["secret"]],
  "list of a connector": [ofConnector, ["list", 0]],
};

const certificate = generateKeyPairSync("ed25519").publicKey.export({ format: "pem", type: "spki" }).toString().trim();

/** Where the form of what is written is narrower still, with an example of it. */
const narrow: Record<string, readonly [...Place, example: string]> = {
  "address of a tenant": [CreateTenantInput, ["slug"], "acme"],
  "address of an administrator": [CreateTenantInput, ["administratorEmail"], "ada@example.com"],
  "address of the first operator": [LinkInput, ["email"], "ada@example.com"],
  "address that is invited": [InviteInput, ["email"], "ada@example.com"],
  "address that needs a link": [PasswordLinkForEmailInput, ["email"], "ada@example.com"],
  "version of an API": [ApiInput, ["version"], "1.0.0"],
  "context of an API": [ApiInput, ["context"], "/orders"],
  "name of a scope": [ApiInput, ["scopes", 0, "name"], "orders:read"],
  "path of a resource": [ApiInput, ["resources", 0, "path"], "/orders/{id}"],
  "issuer of a key manager": [RegisterKeyManagerInput, ["issuer"], "https://id.example/realm"],
  "address of a connector": [ofConnector, ["url"], "https://id.example/realm"],
  "list of addresses of a connector": [ofConnector, ["addresses", 0], "https://id.example/realm"],
  "certificate of a connector": [ofConnector, ["certificate"], certificate],
  "tenant of an application's request": [InteractionRef, ["tenant"], "acme"],
  "id of an application's request": [InteractionRef, ["id"], "V1StGXR8_Z5jdHi6B-myT"],
  "header of backend JWTs": [BackendJwtInput, ["header"], "X-JWT-Assertion"],
  "grant type of a key manager": [RegisterKeyManagerInput, ["grantTypes", 0], "password"],
};

const international = ["Ünïcödé–東京", "שלום", "مرحبا", "🔑𐍈"];
const strange = { NUL: "\0", "half a surrogate pair": "\ud83d" };

describe.each(Object.entries(freeText))("%s", (_what, [schema, path]) => {
  it.each(international)("takes %s", (value) => {
    expect(problemsAt(schema, path, value)).toEqual([]);
  });

  it.each(Object.entries(strange))("refuses %s at its field", (_name, character) => {
    expect(problemsAt(schema, path, `a${character}b`)).toContainEqual(expect.stringContaining("control characters"));
  });
});

describe.each(Object.entries(narrow))("%s", (_what, [schema, path, example]) => {
  it("takes what has its form", () => {
    expect(problemsAt(schema, path, example)).toEqual([]);
  });

  it.each(Object.entries(strange))("refuses %s at its field", (_name, character) => {
    expect(
      problemsAt(
        schema,
        path,
        example.replace(/.$/, (last) => character + last),
      ),
    ).not.toEqual([]);
  });
});

describe.each([
  ["name of an API", ApiInput],
  ["name of a gateway credential", CreateGatewayCredentialInput],
])("%s", (_what, schema) => {
  it("has one line", () => {
    expect(problemsAt(schema, ["name"], "a\nb")).toEqual(["Leave out line breaks and tabs."]);
  });
});

/** What a schema says at a path about the value there; what it misses elsewhere is left out. */
function problemsAt(schema: z.ZodType, path: (string | number)[], value: string): string[] {
  const given = path.reduceRight<unknown>(
    (inner, key) => (typeof key === "number" ? [inner] : { [key]: inner }),
    value,
  );
  const issues = schema.safeParse(given).error?.issues ?? [];
  return issues.filter((issue) => issue.path.join(".") === path.join(".")).map(({ message }) => message);
}

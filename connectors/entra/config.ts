import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { signInBranches } from "#lib/connector-kit/sign-in.ts";
import { guid } from "./names.ts";

/** How the portal reaches a tenant: an app registration of its own, and the API whose roles are the scopes. */
export const connection = z.strictObject({
  signIn: field.method({
    label: "How the portal signs in",
    fallback: "client_secret",
    options: {
      client_secret: signInBranches.client_secret,
      private_key_jwt: {
        label: "Signed with a certificate",
        help: "The portal signs a short-lived assertion; the app registration holds the certificate.",
        fields: {
          clientId: field.text({ label: "Client id", maximumLength: 255 }),
          certificate: field.certificate({
            label: "Certificate",
            help: "The one under Certificates & secrets of the app registration: Entra finds the key by its thumbprint.",
          }),
          privateKey: field.secret({
            label: "Private key",
            help: "RSA, PKCS #8 in PEM form (-----BEGIN PRIVATE KEY-----).",
            multiline: true,
          }),
          algorithm: field.choice({
            label: "Algorithm",
            options: ["PS256", "RS256"],
            fallback: "PS256",
          }),
        },
      },
    },
  }),
  resourceAppId: field.text({
    label: "Application id of the API",
    help: "The app registration that stands for your APIs. Its app roles become scopes; tokens are issued for it.",
    placeholder: "00000000-0000-0000-0000-000000000000",
    pattern: guid,
    patternMessage: "Enter the application (client) id of the app registration: 32 hexadecimal digits with hyphens.",
  }),
  tokenVersion: field.choice({
    label: "Version of access tokens",
    help: "Must agree with the issuer above, and stays: another version changes the issuer and the claims of every token.",
    fixed: true,
    options: [
      { value: "2", label: "2 (issuer ends with /v2.0, client in azp)" },
      { value: "1", label: "1 (issuer https://sts.windows.net/…/, client in appid)" },
    ],
    fallback: "2",
  }),
  delegatedScopes: field.flag({
    label: "Scopes for people too",
    help: "Scopes are also offered to applications that act for signed-in people. Needs DelegatedPermissionGrant.ReadWrite.All.",
    fallback: true,
  }),
  cloud: field.method({
    label: "Cloud",
    discriminator: "name",
    fallback: "global",
    advanced: true,
    options: {
      global: { label: "Global", fields: {} },
      us_government: { label: "US Government (GCC High, L4)", fields: {} },
      us_government_dod: { label: "US Government (DoD, L5)", fields: {} },
      china: { label: "China (21Vianet)", fields: {} },
      custom: {
        label: "Other hosts",
        help: "For customer tenants with a login host of their own, or a proxy in front of Microsoft Graph.",
        fields: {
          graphUrl: field.url({ label: "Microsoft Graph", placeholder: "https://graph.microsoft.com" }),
          loginUrl: field.url({
            label: "Login host",
            help: "Where the portal itself signs in. Blank takes the host of the token endpoint.",
            placeholder: "https://login.microsoftonline.com",
            optional: true,
          }),
        },
      },
    },
  }),
  replicationWaitSeconds: field.number({
    label: "Wait for replication",
    help: "How long to repeat a call while Entra's replicas do not know yet what was just written.",
    unit: "seconds",
    minimum: 1,
    maximum: 60,
    fallback: 45,
    advanced: true,
  }),
});

/** What a developer chooses for a client. */
export const client = z.strictObject({
  authentication: field.method({
    label: "How the application authenticates",
    fallback: "client_secret",
    options: {
      client_secret: {
        label: "Client id and secret",
        fields: {
          secretDays: field.number({
            label: "Each secret lives",
            help: "Blank takes what Entra gives: two years, or less where your tenant's policy says so.",
            unit: "days",
            minimum: 1,
            maximum: 730,
            optional: true,
          }),
        },
      },
      private_key_jwt: {
        label: "Signed with a certificate",
        help: "The application keeps the private key. Entra takes certificates, not addresses of key sets.",
        fields: { certificate: field.certificate({ label: "Certificate" }) },
      },
      none: {
        label: "No secret",
        help: "For applications in a browser or on a device. Entra demands PKCE of those in a browser.",
        fields: {
          platform: field.choice({
            label: "Where it runs",
            options: [
              { value: "spa", label: "In a browser" },
              { value: "native", label: "On a phone or computer" },
            ],
            fallback: "spa",
          }),
        },
      },
    },
  }),
  signInAudience: field.choice({
    label: "Who can sign in",
    options: [
      { value: "AzureADMyOrg", label: "People of this tenant" },
      { value: "AzureADMultipleOrgs", label: "People of any Entra tenant" },
      { value: "AzureADandPersonalMicrosoftAccount", label: "People of any tenant, and personal Microsoft accounts" },
      { value: "PersonalMicrosoftAccount", label: "Personal Microsoft accounts" },
    ],
    fallback: "AzureADMyOrg",
    advanced: true,
  }),
  implicitIdTokens: field.flag({
    label: "ID tokens from the authorization endpoint",
    help: "For the hybrid flow (OpenID Connect Core §3.3) and form posts.",
    advanced: true,
  }),
  homePageUrl: field.url({ label: "Home page", optional: true, advanced: true }),
  logoutUrl: field.url({
    label: "Front-channel logout address",
    help: "Called when a person signs out elsewhere.",
    optional: true,
    advanced: true,
  }),
  privacyStatementUrl: field.url({ label: "Privacy statement", optional: true, advanced: true }),
  termsOfServiceUrl: field.url({ label: "Terms of service", optional: true, advanced: true }),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

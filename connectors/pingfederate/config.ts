import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { certificateUrl, signInBranches } from "#lib/connector-kit/sign-in.ts";

/** Where the administrative API takes bearer tokens, they may come from any authorization server (oauth2.properties). */
const tokenRequest = {
  tokenEndpoint: field.url({
    label: "Token endpoint",
    help: "Of the server that the administrative API trusts. Blank takes this PingFederate's own.",
    optional: true,
    advanced: true,
  }),
  scopes: field.list({
    label: "Scopes",
    help: "What a token must hold to be let in, as oauth2.properties says.",
    optional: true,
    advanced: true,
  }),
};

const {
  basic,
  client_secret: clientSecret,
  client_secret_jwt: secretJwt,
  private_key_jwt: privateKeyJwt,
  mutual_tls: mutualTls,
} = signInBranches;
const { certificate, privateKey } = mutualTls.fields;

/** How the portal reaches a PingFederate: its administrative API, and a client that may ask about tokens. */
export const connection = z.strictObject({
  adminUrl: field.url({
    label: "Administrative address",
    help: "Where the administrative console answers; the API stands beside it under /pf-admin-api/v1.",
    placeholder: "https://pingfederate-admin.example.com:9999",
  }),
  signIn: field.method({
    label: "How the portal signs in",
    help: "What pf.admin.api.authentication in run.properties allows. The account needs the role Admin.",
    fallback: "basic",
    options: {
      basic: { ...basic, help: "A local administrative account, or one of LDAP or RADIUS." },
      client_secret: { ...clientSecret, fields: { ...clientSecret.fields, ...tokenRequest } },
      private_key_jwt: { ...privateKeyJwt, fields: { ...privateKeyJwt.fields, ...tokenRequest } },
      mutual_tls: {
        label: "Client certificate",
        help: "The TLS connection itself is the proof; cert_auth.properties names the certificate's role.",
        fields: { certificate, privateKey },
      },
    },
  }),
  introspection: field.method({
    label: "Who asks about tokens",
    help: "A client with the grant type Access Token Validation. Needed for reference tokens.",
    fallback: "none",
    options: {
      none: { label: "Nobody: tokens are JWTs, checked by their signature", fields: {} },
      client_secret: {
        label: "Client id and secret",
        fields: {
          clientId: clientSecret.fields.clientId,
          clientSecret: field.secret({
            label: "Client secret",
            help: "Blank where the client has none: PingFederate allows that for clients that only validate tokens.",
            optional: true,
          }),
        },
      },
      client_secret_jwt: secretJwt,
      private_key_jwt: privateKeyJwt,
      mutual_tls: {
        ...mutualTls,
        help: "PingFederate takes certificates at its secondary port (pf.secondary.https.port).",
        fields: { ...mutualTls.fields, certificateUrl: certificateUrl("introspection") },
      },
    },
  }),
});

/** The values of restrictedResponseTypes (OAuth 2.0 Multiple Response Types §3 and §5). */
export const responseTypes = [
  "code",
  "token",
  "id_token",
  "code token",
  "code id_token",
  "token id_token",
  "code token id_token",
] as const;

/** What a developer chooses for a client. */
export const client = z.strictObject({
  authentication: field.method({
    label: "How the application authenticates",
    fallback: "client_secret",
    options: {
      client_secret: { label: "Client id and secret", fields: {} },
      private_key_jwt: {
        label: "Signed with a private key",
        help: "The application keeps the key; PingFederate reads the public part.",
        fields: { jwksUri: field.url({ label: "Address of the application's key set" }) },
      },
      mutual_tls: {
        label: "Client certificate",
        help: "The application shows a certificate that one of PingFederate's trusted authorities issued.",
        fields: {
          issuerDn: field.text({ label: "Issuer of the certificate", placeholder: "CN=Example CA, O=Example" }),
          subjectDn: field.text({ label: "Subject of the certificate", placeholder: "CN=app.example.com" }),
        },
      },
      none: { label: "No secret", help: "For applications in a browser or on a phone, with PKCE.", fields: {} },
    },
  }),
  proofKey: field.choice({
    label: "PKCE",
    help: "Protects the authorization code (RFC 7636).",
    options: [
      { value: "required", label: "Required" },
      { value: "optional", label: "Up to the application" },
    ],
    fallback: "required",
  }),
  commonScopes: field.list({
    label: "Common scopes",
    help: "Scopes of the server that the application may ask for beside those of its APIs, such as openid.",
    optional: true,
  }),
  accessTokenManager: field.text({
    label: "Access token manager",
    help: "Id of the manager that decides the form and the lifetime of access tokens. Blank takes the server's default.",
    maximumLength: 100,
    optional: true,
  }),
  onlyThatManager: field.flag({
    label: "Only that access token manager",
    help: "The application cannot ask for tokens of another one.",
    advanced: true,
  }),
  refreshTokenMinutes: field.number({
    label: "Refresh tokens live",
    help: "Blank takes what the server says.",
    unit: "minutes",
    minimum: 1,
    maximum: 5_256_000,
    optional: true,
    advanced: true,
  }),
  refreshTokenIdleMinutes: field.number({
    label: "Unused refresh tokens live",
    help: "Blank takes what the server says.",
    unit: "minutes",
    minimum: 1,
    maximum: 5_256_000,
    optional: true,
    advanced: true,
  }),
  refreshTokenRotation: field.choice({
    label: "A used refresh token",
    options: [
      { value: "server", label: "As the server says" },
      { value: "replaced", label: "Is replaced" },
      { value: "kept", label: "Stays valid" },
    ],
    fallback: "server",
    advanced: true,
  }),
  responseTypes: field.multiChoice({
    label: "Response types",
    help: "None chosen allows all that the grant types allow.",
    options: responseTypes,
    optional: true,
  }),
  skipApproval: field.flag({
    label: "Skip the approval page",
    help: "People are not asked whether they agree. For applications of your own company.",
    advanced: true,
  }),
  pushedRequests: field.flag({
    label: "Pushed authorization requests only",
    help: "The application sends its request to the server first (RFC 9126).",
    advanced: true,
  }),
  tokenExchangePolicy: field.text({
    label: "Token exchange policy",
    help: "Id of the processor policy for the token exchange grant. Blank takes the server's default.",
    maximumLength: 100,
    optional: true,
    advanced: true,
  }),
  description: field.text({
    label: "Description",
    help: "Shown to people on the approval page.",
    maximumLength: 1000,
    optional: true,
    advanced: true,
  }),
  logoUrl: field.url({
    label: "Address of a logo",
    help: "Shown to people on the approval page.",
    optional: true,
    advanced: true,
  }),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

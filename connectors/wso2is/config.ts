import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { signInBranches } from "#lib/connector-kit/sign-in.ts";

/** Scopes of the server's own APIs, for a portal that signs in as a client; the server leaves out those it does not know. */
const administrationScopes = [
  "internal_application_mgt_create",
  "internal_application_mgt_view",
  "internal_application_mgt_update",
  "internal_application_mgt_delete",
  "internal_dcr_create",
  "internal_dcr_view",
  "internal_dcr_update",
  "internal_dcr_delete",
];

const scopes = field.list({
  label: "Scopes",
  help: "What the portal asks for when it signs in.",
  fallback: administrationScopes,
  advanced: true,
});

/** How the portal reaches the server, and what belongs to the clients and scopes that it makes there. */
export const connection = z.strictObject({
  signIn: field.method({
    label: "Sign-in",
    fallback: "basic",
    options: {
      basic: {
        ...signInBranches.basic,
        help: "A user who may manage applications. In a tenant: name@tenant-domain.",
      },
      client_secret: {
        ...signInBranches.client_secret,
        help: "A client that may get the scopes of the server's own APIs (client credentials).",
        fields: { ...signInBranches.client_secret.fields, scopes },
      },
      private_key_jwt: {
        ...signInBranches.private_key_jwt,
        help: "Such a client, without a secret: it signs an assertion (RFC 7523). The server needs its private key JWT authenticator.",
        fields: { ...signInBranches.private_key_jwt.fields, scopes },
      },
      mutual_tls: {
        label: "Client certificate",
        help: "The server trusts the certificate, and acts as the user you name.",
        fields: {
          identityUser: field.text({
            label: "User to act as",
            help: "Sent as WSO2-Identity-User; in a tenant: name@tenant-domain.",
            maximumLength: 255,
          }),
          certificate: signInBranches.mutual_tls.fields.certificate,
          privateKey: signInBranches.mutual_tls.fields.privateKey,
        },
      },
    },
  }),
  owner: field.method({
    label: "Owner of clients",
    help: "Whom the server shows as owner. Only the owner and administrators can see a client there, and tokens that a client gets for itself have its owner as subject.",
    fallback: "administrator",
    advanced: true,
    options: {
      administrator: { label: "Whoever the portal signs in as", fields: {} },
      application: {
        label: "The application's owner",
        help: "The developer's e-mail address must be the name of a user at the server. It follows when an application gets another owner, which takes WSO2's add-on.",
        fields: {},
      },
      user: {
        label: "Another user",
        fields: { username: field.text({ label: "User name of the owner", maximumLength: 255 }) },
      },
    },
  }),
  scopeRoles: field.list({
    label: "Roles bound to scopes",
    help: "People need one of these roles to get a scope that the portal made. Without any, everybody gets it.",
    placeholder: "Internal/subscriber",
    optional: true,
    advanced: true,
  }),
  serverUrl: field.url({
    label: "Server address",
    help: "Only where the issuer was changed: what stands before /oauth2/token, in a tenant with /t/tenant-domain.",
    placeholder: "https://is.example.com:9443",
    optional: true,
    advanced: true,
  }),
});

const lifetime = (label: string) =>
  field.number({
    label,
    help: "Blank takes what the server says.",
    unit: "seconds",
    minimum: 1,
    maximum: 31_536_000,
    optional: true,
    advanced: true,
  });

/** What a developer chooses for a client. */
export const client = z.strictObject({
  authentication: field.method({
    label: "How the application authenticates",
    fallback: "client_secret",
    options: {
      client_secret: { label: "Client id and secret", fields: {} },
      private_key_jwt: {
        label: "Signed with a private key",
        help: "The application keeps the key; the server needs its private key JWT authenticator (RFC 7523).",
        fields: { jwksUri: field.url({ label: "Address of the application's key set" }) },
      },
      none: { label: "No secret", help: "For applications in a browser or on a phone, with PKCE.", fields: {} },
    },
  }),
  tokenType: field.choice({
    label: "Access tokens",
    help: "Gateways check a JWT by its signature; about opaque tokens they must ask.",
    options: [
      { value: "JWT", label: "JWT" },
      { value: "Default", label: "Opaque" },
    ],
    fallback: "JWT",
  }),
  proofKey: field.choice({
    label: "PKCE",
    help: "Protects the authorization code (RFC 7636).",
    options: [
      { value: "optional", label: "Up to the application" },
      { value: "required", label: "Required" },
    ],
    fallback: "optional",
  }),
  plainProofKey: field.flag({
    label: "Accept PKCE in plain text",
    help: "Weaker; for applications that cannot hash (RFC 7636 §4.2).",
    advanced: true,
  }),
  applicationTokenLifetime: lifetime("Tokens of the application live"),
  userTokenLifetime: lifetime("Tokens of users live"),
  refreshTokenLifetime: lifetime("Refresh tokens live"),
  idTokenLifetime: lifetime("ID tokens live"),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

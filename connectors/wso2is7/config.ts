import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { signInBranches } from "#lib/connector-kit/sign-in.ts";

/** Scopes of the server's own APIs that the portal's work takes. */
const administrationScopes = [
  "internal_application_mgt_view",
  "internal_application_mgt_create",
  "internal_application_mgt_update",
  "internal_application_mgt_delete",
  "internal_application_mgt_client_secret_view",
  "internal_application_mgt_client_secret_create",
  "internal_application_mgt_client_secret_delete",
  "internal_api_resource_view",
  "internal_api_resource_create",
  "internal_api_resource_update",
  "internal_api_resource_delete",
  "internal_role_mgt_view",
  "internal_role_mgt_create",
  "internal_role_mgt_update",
  "internal_oauth2_introspect",
];

const scopes = field.list({
  label: "Scopes",
  help: "What the portal asks for when it signs in.",
  fallback: administrationScopes,
  advanced: true,
});

/** How the portal reaches the organization, and what becomes of scopes there. */
export const connection = z.strictObject({
  signIn: field.method({
    label: "Sign-in",
    fallback: "client_secret",
    options: {
      client_secret: {
        ...signInBranches.client_secret,
        help: "A machine-to-machine application that is authorised for the management APIs.",
        fields: { ...signInBranches.client_secret.fields, scopes },
      },
      private_key_jwt: {
        ...signInBranches.private_key_jwt,
        fields: { ...signInBranches.private_key_jwt.fields, scopes },
      },
      mutual_tls: {
        label: "Client certificate",
        help: "The server trusts the certificate, for all tenants or for this one, and acts as the user you name.",
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
      basic: {
        ...signInBranches.basic,
        help: "An administrator. In a tenant: name@tenant-domain. Asgardeo does not take passwords.",
      },
    },
  }),
  scopeAccess: field.method({
    label: "People who may get a scope",
    help: "Machines get what their client was granted, either way.",
    fallback: "everybody",
    options: {
      everybody: { label: "Everybody who uses a client that was granted it", fields: {} },
      roles: {
        label: "Those with a role that holds it",
        help: "Role-based access control of the server (RBAC).",
        fields: {
          roles: field.list({
            label: "Roles",
            help: "Each scope that the portal makes is added to these roles of the organization.",
            optional: true,
          }),
          createRoles: field.flag({ label: "Create roles that do not exist" }),
        },
      },
    },
  }),
  apiResource: field.text({
    label: "API resource",
    help: "Identifier of the API resource that holds the portal's scopes. It is made when the first scope is.",
    fallback: "latchkey",
    maximumLength: 255,
    pattern: /^\S+$/,
    patternMessage: "An identifier has no spaces.",
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
        help: "The application keeps the key; the server reads the public part (RFC 7523).",
        fields: { jwksUri: field.url({ label: "Address of the application's key set" }) },
      },
      tls_client_auth: {
        label: "Client certificate",
        help: "The TLS connection itself is the proof (RFC 8705).",
        fields: { subject: field.text({ label: "Subject of the certificate", placeholder: "CN=app,O=Example" }) },
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
      { value: "required", label: "Required" },
      { value: "optional", label: "Up to the application" },
    ],
    fallback: "required",
  }),
  plainProofKey: field.flag({
    label: "Accept PKCE in plain text",
    help: "Weaker; for applications that cannot hash (RFC 7636 §4.2).",
    advanced: true,
  }),
  applicationTokenLifetime: lifetime("Tokens of the application live"),
  userTokenLifetime: lifetime("Tokens of users live"),
  refreshTokenLifetime: lifetime("Refresh tokens live"),
  renewRefreshToken: field.flag({
    label: "Replace the refresh token at each use",
    fallback: true,
    advanced: true,
  }),
  idTokenLifetime: lifetime("ID tokens live"),
  webOrigins: field.list({
    label: "Web origins",
    help: "Where browsers may call the server from (CORS).",
    items: "url",
    optional: true,
    advanced: true,
  }),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

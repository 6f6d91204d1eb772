import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { signInBranches } from "#lib/connector-kit/sign-in.ts";

const { client_secret, private_key_jwt, mutual_tls } = signInBranches;

/** Algorithms of keys that Auth0 accepts from an application (Management API v2, client credentials). */
const keyAlgorithms = ["RS256", "RS384", "PS256"] as const;

/** How the portal reaches a tenant: an application of its own that is authorised for the Management API. */
export const connection = z.strictObject({
  authentication: field.method({
    label: "How the portal signs in",
    help: "As a machine-to-machine application that is authorised for the Auth0 Management API.",
    fallback: "client_secret",
    options: {
      client_secret,
      private_key_jwt: {
        ...private_key_jwt,
        fields: {
          ...private_key_jwt.fields,
          algorithm: field.choice({ label: "Algorithm", options: keyAlgorithms, fallback: "RS256" }),
        },
      },
      mutual_tls: {
        ...mutual_tls,
        help: "For tenants with a custom domain whose edge checks certificates (RFC 8705).",
        fields: {
          ...mutual_tls.fields,
          tokenUrl: field.url({
            label: "Token address for certificates",
            help: "The token endpoint under mtls_endpoint_aliases in the discovery document. Blank takes the usual one.",
            placeholder: "https://mtls.login.example.com/oauth/token",
            optional: true,
          }),
        },
      },
    },
  }),
  audience: field.text({
    label: "API identifier",
    help: "The identifier of the API in Auth0 that your gateways protect: the audience of its tokens.",
    placeholder: "https://api.example.com",
    maximumLength: 600,
    // Whoever were granted scopes of the Management API could rule the tenant.
    pattern: /^(?!https?:\/\/[^/]+\/api\/v2\/?$)/i,
    patternMessage: "This is the Management API. Enter the identifier of an API of your own.",
  }),
  furtherAudiences: field.list({
    label: "Further API identifiers",
    help: "Other APIs that a developer may choose for a client instead. Scopes are kept at all of them.",
    optional: true,
    advanced: true,
    maximumItems: 10,
  }),
  managementAudience: field.url({
    label: "Audience of the Management API",
    help: "Only with a custom domain: the tenant's own address, then /api/v2/. Blank takes the issuer.",
    placeholder: "https://tenant.eu.auth0.com/api/v2/",
    optional: true,
    advanced: true,
  }),
  exchangeTokenType: field.text({
    label: "Token type for exchange",
    help: "The subject token type of a custom token exchange profile in this tenant. Without one, no tokens are exchanged.",
    placeholder: "urn:example:partner-token",
    pattern: /^(?!urn:(ietf|auth0|okta)\b)(urn|https?):\S+$/i,
    patternMessage: "Enter an address or URN of your own; Auth0 reserves urn:ietf, urn:auth0 and urn:okta.",
    optional: true,
    advanced: true,
  }),
});

const seconds = (label: string, fallback: number, help?: string) =>
  field.number({
    label,
    unit: "seconds",
    minimum: 0,
    maximum: 157_788_000,
    fallback,
    ...(help !== undefined && { help }),
  });
const endless = "0 means without end.";

/** What a developer chooses for a client. */
export const client = z.strictObject({
  appType: field.choice({
    label: "Kind of application",
    options: [
      { value: "regular_web", label: "Regular web application" },
      { value: "non_interactive", label: "Machine to machine" },
      { value: "spa", label: "Single-page application" },
      { value: "native", label: "Native application" },
    ],
    fallback: "regular_web",
  }),
  authentication: field.method({
    label: "How the application authenticates",
    fallback: "client_secret_post",
    options: {
      client_secret_post: { label: "Secret in the request body", fields: {} },
      client_secret_basic: { label: "Secret in the Authorization header", fields: {} },
      private_key_jwt: {
        label: "Signed with a private key",
        help: "The application keeps the key; Auth0 keeps the public part.",
        fields: {
          publicKey: field.certificate({
            label: "Public key",
            help: "RSA, in PEM form. Blank keeps the one that Auth0 has.",
            optional: true,
          }),
          algorithm: field.choice({ label: "Algorithm", options: keyAlgorithms, fallback: "RS256" }),
        },
      },
      tls_client_auth: {
        label: "Client certificate of an authority",
        fields: {
          subjectName: field.text({
            label: "Subject of the certificate",
            help: "Its distinguished name. Blank keeps the one that Auth0 has.",
            placeholder: "CN=orders,O=Example",
            optional: true,
          }),
        },
      },
      self_signed_tls_client_auth: {
        label: "Client certificate that signed itself",
        fields: {
          certificate: field.certificate({
            label: "Certificate",
            help: "In PEM form. Blank keeps the one that Auth0 has.",
            optional: true,
          }),
        },
      },
      none: { label: "No secret", help: "For applications in a browser or on a phone, with PKCE.", fields: {} },
    },
  }),
  audience: field.text({
    label: "API identifier",
    help: "Which API tokens are for, where the administrator offers several. It cannot be changed later.",
    fixed: true,
    maximumLength: 255,
    optional: true,
    advanced: true,
  }),
  refreshTokens: field.method({
    label: "Refresh tokens",
    fallback: "rotating",
    options: {
      rotating: {
        label: "Replaced at each use",
        fields: {
          lifetime: seconds("Live", 2_592_000, endless),
          idleLifetime: seconds("Live unused", 1_296_000, endless),
          leeway: field.number({
            label: "A used one still works for",
            unit: "seconds",
            minimum: 0,
            maximum: 60,
            fallback: 0,
          }),
        },
      },
      expiring: {
        label: "Used again until they end",
        fields: {
          lifetime: seconds("Live", 2_592_000, endless),
          idleLifetime: seconds("Live unused", 1_296_000, endless),
        },
      },
      lasting: { label: "Used again without end", fields: {} },
    },
  }),
  idTokenLifetime: field.number({
    label: "ID tokens live",
    help: "How long access tokens live is a setting of the API.",
    unit: "seconds",
    minimum: 1,
    maximum: 2_592_000,
    fallback: 36_000,
  }),
  requirePushedRequests: field.flag({
    label: "Pushed authorization requests only",
    help: "RFC 9126, where the tenant has it.",
    advanced: true,
  }),
  allowedLogoutUrls: field.list({
    label: "Addresses after sign-out",
    items: "url",
    optional: true,
    advanced: true,
  }),
  webOrigins: field.list({
    label: "Web origins",
    help: "Where browsers may sign in silently from.",
    optional: true,
    advanced: true,
  }),
  allowedOrigins: field.list({
    label: "CORS origins",
    help: "Where browsers may call Auth0 from, beside the redirect URIs.",
    optional: true,
    advanced: true,
  }),
  description: field.text({ label: "Description", maximumLength: 140, optional: true, advanced: true }),
  initiateLoginUri: field.url({ label: "Address where signing in begins", optional: true, advanced: true }),
  logoUri: field.url({ label: "Logo", optional: true, advanced: true }),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

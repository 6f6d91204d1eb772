import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { signInBranches } from "#lib/connector-kit/sign-in.ts";

const { client_secret: clientSecret, private_key_jwt: privateKeyJwt, mutual_tls: mutualTls } = signInBranches;

/** How the portal reaches a realm: a client of its own with a service account. */
export const connection = z.strictObject({
  signIn: field.method({
    label: "How the portal signs in",
    help: "As a confidential client of the realm, whose service account holds view-clients and manage-clients.",
    fallback: "client_secret",
    options: {
      client_secret: { ...clientSecret, help: "From the Credentials tab of that client." },
      private_key_jwt: {
        ...privateKeyJwt,
        help: "The client's authenticator is “Signed JWT”; its Keys tab has the public key.",
      },
      mutual_tls: {
        ...mutualTls,
        help: "The client's authenticator is “X509 Certificate”, and Keycloak asks for certificates.",
      },
    },
  }),
  adminUrl: field.url({
    label: "Admin address",
    help: "Only where the admin API has another host than the issuer: the part before /admin/realms.",
    placeholder: "https://keycloak-admin.example.com",
    optional: true,
    advanced: true,
  }),
});

/** What a developer chooses for a client. */
export const client = z.strictObject({
  authentication: field.method({
    label: "How the application authenticates",
    fallback: "client_secret",
    options: {
      client_secret: { label: "Client id and secret", fields: {} },
      client_secret_jwt: {
        label: "Signed with the secret",
        help: "The secret is the key of a short-lived assertion, and never sent (OpenID Connect Core §9).",
        fields: {},
      },
      private_key_jwt: {
        label: "Signed with a private key",
        help: "The application keeps the key; Keycloak reads the public part.",
        fields: { jwksUri: field.url({ label: "Address of the application's key set" }) },
      },
      tls_client_auth: {
        label: "Client certificate",
        help: "The application connects with a certificate of an authority that Keycloak trusts (RFC 8705).",
        fields: {
          subject: field.text({
            label: "Subject of the certificate",
            placeholder: "CN=app.example.com,O=Example",
            maximumLength: 1000,
          }),
        },
      },
      none: { label: "No secret", help: "For applications in a browser or on a phone, with PKCE.", fields: {} },
    },
  }),
  proofKey: field.choice({
    label: "PKCE",
    help: "Protects the authorization code (RFC 7636).",
    options: [
      { value: "S256", label: "Required (S256)" },
      { value: "optional", label: "Up to the application" },
    ],
    fallback: "S256",
  }),
  accessTokenLifespan: field.number({
    label: "Access tokens live",
    help: "Blank takes what the realm says.",
    unit: "seconds",
    minimum: 30,
    maximum: 86_400,
    optional: true,
  }),
  certificateBound: field.flag({
    label: "Bind tokens to a certificate",
    help: "Only who holds the certificate with which a token was fetched can use it (RFC 8705 §3).",
    advanced: true,
  }),
  subjectType: field.choice({
    label: "People are named",
    help: "The subject of a token (OpenID Connect Core §8). Differently needs redirect addresses, all on one host.",
    options: [
      { value: "public", label: "The same for every application" },
      { value: "pairwise", label: "Differently for each application" },
    ],
    fallback: "public",
    advanced: true,
  }),
  webOrigins: field.list({
    label: "Web origins",
    help: "Where browsers may call the token endpoint from (CORS).",
    items: "url",
    optional: true,
    advanced: true,
  }),
  consentRequired: field.flag({
    label: "Ask people for consent",
    help: "Each person agrees once to what the application may do.",
    advanced: true,
  }),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

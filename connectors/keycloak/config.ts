import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";

/** How the portal reaches a realm: a client of its own with a service account. */
export const connection = z.strictObject({
  clientId: field.text({
    label: "Client id",
    help: "A confidential client in the realm, with a service account that holds view-clients and manage-clients.",
    placeholder: "latchkey",
    maximumLength: 255,
  }),
  clientSecret: field.secret({ label: "Client secret", help: "From the Credentials tab of that client." }),
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
      private_key_jwt: {
        label: "Signed with a private key",
        help: "The application keeps the key; Keycloak reads the public part.",
        fields: { jwksUri: field.url({ label: "Address of the application's key set" }) },
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

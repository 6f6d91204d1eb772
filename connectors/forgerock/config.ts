import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { signInBranches } from "#lib/connector-kit/sign-in.ts";

const { client_secret, private_key_jwt, mutual_tls, basic } = signInBranches;

/** How the portal reaches a realm. */
export const connection = z.strictObject({
  authentication: field.method({
    label: "How the portal signs in",
    fallback: "service_account",
    options: {
      service_account: {
        label: "Service account",
        help: "PingOne Advanced Identity Cloud: an account with the scope fr:am:*, and its key.",
        fields: {
          serviceAccountId: field.text({
            label: "Service account id",
            placeholder: "449d7e27-7889-47af-a736-83b6bbf97ec5",
            maximumLength: 255,
          }),
          privateKey: field.secret({
            label: "Private key",
            help: "The JWK that was downloaded when the account was made.",
            multiline: true,
          }),
        },
      },
      administrator: {
        label: "Administrator account",
        help: "PingAM or OpenAM: an account that may manage the realm's clients.",
        fields: {
          ...basic.fields,
          accountRealm: field.choice({
            label: "Where the account is",
            options: [
              { value: "root", label: "Top level realm" },
              { value: "own", label: "The realm of the issuer" },
            ],
            fallback: "root",
          }),
          cookieName: field.text({
            label: "Session cookie name",
            help: "As “cookieName” at /json/serverinfo/* says; a header of this name carries the session.",
            fallback: "iPlanetDirectoryPro",
            pattern: /^[A-Za-z0-9_-]+$/,
            patternMessage: "Letters, digits, hyphens and underscores.",
            maximumLength: 100,
          }),
          journey: field.text({
            label: "Journey or chain",
            help: "The one that the account signs in with, where it is not the realm's default. It may ask for name and password only.",
            placeholder: "ldapService",
            optional: true,
            maximumLength: 255,
          }),
        },
      },
      client_secret: { ...client_secret, help: "A client whose tokens AM's REST API accepts." },
      private_key_jwt,
      mutual_tls,
    },
  }),
  introspection: field.method({
    label: "How the portal asks about tokens",
    fallback: "token_info",
    options: {
      token_info: {
        label: "AM's token information endpoint",
        help: "Needs no further client and knows every access token of the realm.",
        fields: {},
      },
      client: {
        label: "A client that may introspect",
        help: "RFC 7662. Its scopes hold am-introspect-all-tokens: without it, AM tells a client about its own tokens only.",
        fields: { ...client_secret.fields },
      },
      private_key_jwt: { ...private_key_jwt, label: "The same, signed with a private key" },
      mutual_tls: { ...mutual_tls, label: "The same, with a client certificate" },
    },
  }),
  defaultScopes: field.list({
    label: "Default scopes",
    help: "Every client that the portal makes may ask for these, and gets them where it asks for nothing: AM gives no token without a scope.",
    fallback: ["default"],
  }),
  adminUrl: field.url({
    label: "Admin address",
    help: "Only where the REST API has another host than the issuer: the part before /json.",
    placeholder: "https://am-admin.example.com/am",
    optional: true,
    advanced: true,
  }),
  adminScopes: field.list({
    label: "Scopes to sign in with",
    help: "What the portal's own access token must carry. An administrator account needs none.",
    fallback: ["fr:am:*"],
    optional: true,
    advanced: true,
  }),
});

const longestSeconds = 31_536_000;
const seconds = (label: string) =>
  field.number({
    label,
    help: "Zero takes what the realm's OAuth2 provider says.",
    unit: "seconds",
    minimum: 0,
    maximum: longestSeconds,
    fallback: 0,
    advanced: true,
  });

/** What AM's authorization endpoint can be asked for. */
export const responseTypes = [
  "code",
  "token",
  "id_token",
  "code token",
  "code id_token",
  "token id_token",
  "code token id_token",
  "device_code",
  "device_code id_token",
] as const;

/** What a developer chooses for a client. */
export const client = z.strictObject({
  authentication: field.method({
    label: "How the application authenticates",
    fallback: "client_secret_basic",
    options: {
      client_secret_basic: { label: "Client id and secret, in the header", fields: {} },
      client_secret_post: { label: "Client id and secret, in the body", fields: {} },
      private_key_jwt: {
        label: "Signed with a private key",
        help: "The application keeps the key; AM reads the public part.",
        fields: { jwksUri: field.url({ label: "Address of the application's key set" }) },
      },
      tls_client_auth: {
        label: "Certificate of an authority",
        help: "The application connects with a certificate of an authority that AM trusts (RFC 8705). AM 6.5 or newer.",
        fields: {
          subject: field.text({
            label: "Subject of the certificate",
            help: "Exactly as it stands in the certificate, the most specific part first.",
            placeholder: "CN=app.example.com,O=Example",
            maximumLength: 1000,
          }),
        },
      },
      self_signed_tls_client_auth: {
        label: "Certificate of its own",
        help: "The application connects with a certificate that it has signed itself (RFC 8705). AM 6.5 or newer.",
        fields: { certificate: field.certificate({ label: "Certificate" }) },
      },
      none: { label: "No secret", help: "For applications in a browser or on a phone, with PKCE.", fields: {} },
    },
  }),
  accessTokenLifetime: seconds("Access tokens live"),
  refreshTokenLifetime: field.number({
    label: "Refresh tokens live",
    help: "Zero takes what the realm's OAuth2 provider says; -1 lets them live for ever.",
    unit: "seconds",
    minimum: -1,
    maximum: longestSeconds,
    fallback: 0,
    advanced: true,
  }),
  authorizationCodeLifetime: seconds("Authorization codes live"),
  responseTypes: field.multiChoice({
    label: "Response types",
    help: "What the authorization endpoint may hand out to this application.",
    options: responseTypes,
    fallback: ["code"],
    optional: true,
  }),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { signInBranches } from "#lib/connector-kit/sign-in.ts";
import { readKeys } from "./keys.ts";

const {
  private_key_jwt: serviceApp,
  api_token: apiToken,
  client_secret: clientSecret,
  client_secret_jwt: secretJwt,
} = signInBranches;

/** How the portal reaches an org: as a service app, or with an administrator's API token. */
export const connection = z.strictObject({
  signIn: field.method({
    label: "How the portal signs in",
    fallback: "private_key_jwt",
    options: {
      private_key_jwt: {
        ...serviceApp,
        label: "Service app with a private key",
        help: "An API services app of the org. It asks about tokens too.",
      },
      api_token: {
        label: "API token",
        help: "Acts as the administrator who made it, and ends with that account.",
        fields: {
          ...apiToken.fields,
          introspection: field.method({
            label: "Asking about tokens",
            help: "An API token cannot ask Okta about access tokens; a client can.",
            fallback: "none",
            options: {
              none: { label: "Not at all", help: "Tokens are checked by their signature.", fields: {} },
              client_secret: { ...clientSecret, label: "As a client with a secret, in a header" },
              client_secret_post: { ...clientSecret, label: "As a client with a secret, in the form" },
              client_secret_jwt: { ...secretJwt, label: "As a client that signs with its secret" },
              private_key_jwt: { ...serviceApp, label: "As a client with a private key" },
            },
          }),
        },
      },
    },
  }),
  defaultScopes: field.list({
    label: "Default scopes",
    help: "Scopes of the authorization server that each client of the portal may ask for, and that are asked for where a developer names none. Blank leaves both to the server's own access policies and default scopes.",
    optional: true,
  }),
  accessTokenMinutes: field.number({
    label: "Access tokens live",
    help: "Those of clients whose developers choose nothing else.",
    unit: "minutes",
    minimum: 5,
    maximum: 1440,
    fallback: 60,
    advanced: true,
  }),
  orgUrl: field.url({
    label: "Org address",
    help: "Only where the issuer has a domain of its own and the API answers elsewhere: the org's own address.",
    placeholder: "https://example.okta.com",
    optional: true,
    advanced: true,
  }),
});

const lifetime = (label: string, bounds: { minimum: number; maximum: number }, help: string) =>
  field.number({ label, help, unit: "minutes", ...bounds, optional: true });
/** Five years, the longest that Okta's published API names. */
const fiveYears = 2_628_000;

const clientFields = z.strictObject({
  applicationType: field.choice({
    label: "Kind of application",
    help: "Okta never changes it later.",
    fixed: true,
    options: [
      { value: "auto", label: "As the grant types need it" },
      { value: "web", label: "Web application" },
      { value: "browser", label: "Single-page application" },
      { value: "native", label: "Native application" },
      { value: "service", label: "Service, without people" },
    ],
    fallback: "auto",
  }),
  authentication: field.method({
    label: "How the application authenticates",
    fallback: "client_secret_basic",
    options: {
      client_secret_basic: { label: "Client id and secret in a header", fields: {} },
      client_secret_post: { label: "Client id and secret in the form", fields: {} },
      client_secret_jwt: {
        label: "Signed with the secret",
        help: "The application signs each request; the portal cannot get tokens for it.",
        fields: {},
      },
      private_key_jwt: {
        label: "Signed with a private key",
        help: "The application keeps the key; Okta reads the public part.",
        fields: {
          jwksUri: field.url({ label: "Address of the application's key set", optional: true }),
          jwks: field.text({
            label: "Or its public keys themselves",
            help: "As a JSON Web Key Set (RFC 7517), where the application has no such address.",
            placeholder: '{"keys": [{"kty": "RSA", "kid": "2026", "n": "…", "e": "AQAB"}]}',
            multiline: true,
            optional: true,
          }),
        },
      },
      none: { label: "No secret", help: "For applications in a browser or on a phone, with PKCE.", fields: {} },
    },
  }),
  pkceRequired: field.flag({
    label: "Require PKCE",
    help: "Protects the authorization code (RFC 7636). Okta insists on it for applications without a secret.",
    fallback: true,
  }),
  accessTokenMinutes: lifetime(
    "Access tokens live",
    { minimum: 5, maximum: 1440 },
    "Whatever the grant type. Blank takes what the key manager says.",
  ),
  refreshTokenMinutes: lifetime(
    "Refresh tokens live",
    { minimum: 0, maximum: fiveYears },
    "Not shorter than access tokens; zero or blank is without end.",
  ),
  refreshTokenIdleMinutes: lifetime(
    "Unused refresh tokens live",
    { minimum: 10, maximum: fiveYears },
    "Blank is a week.",
  ),
  consentRequired: field.flag({
    label: "Ask people for consent",
    help: "Shows a dialog for scopes that want one.",
    advanced: true,
  }),
  responseTypes: field.multiChoice({
    label: "Response types",
    help: "None chosen takes those that follow from the grant types.",
    options: ["code", "token", "id_token"],
    optional: true,
    advanced: true,
  }),
  refreshTokenRotation: field.choice({
    label: "Refresh tokens",
    help: "Blank takes Okta's default for the kind of application.",
    options: [
      { value: "ROTATE", label: "Replaced at each use" },
      { value: "STATIC", label: "Stay the same" },
    ],
    optional: true,
    advanced: true,
  }),
  refreshTokenLeeway: field.number({
    label: "A replaced refresh token works on for",
    unit: "seconds",
    minimum: 0,
    maximum: 60,
    optional: true,
    advanced: true,
  }),
  requestObjectAlgorithm: field.choice({
    label: "Request objects are signed with",
    help: "Blank takes requests without a signature too.",
    options: ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"],
    optional: true,
    advanced: true,
  }),
  postLogoutRedirectUris: field.list({
    label: "Addresses after signing out",
    items: "url",
    optional: true,
    advanced: true,
  }),
  initiateLoginUri: field.url({
    label: "Address that begins signing in",
    optional: true,
    advanced: true,
  }),
  clientUri: field.url({ label: "Home page", optional: true, advanced: true }),
  logoUri: field.url({ label: "Logo", optional: true, advanced: true }),
  tosUri: field.url({ label: "Terms of service", optional: true, advanced: true }),
  policyUri: field.url({ label: "Privacy policy", optional: true, advanced: true }),
});

/** What a developer chooses for a client. Keys stand at an address or in the form: Okta takes one of the two. */
export const client = clientFields.superRefine(({ authentication }, context) => {
  if (authentication.method !== "private_key_jwt") return;
  const { jwksUri, jwks } = authentication;
  const complain = (member: string, message: string) => {
    context.addIssue({ code: "custom", path: ["authentication", member], message });
  };
  if (jwksUri !== undefined && jwks !== undefined) complain("jwks", "Leave this blank, or the address.");
  else if (jwks !== undefined) {
    try {
      readKeys(jwks);
    } catch (error) {
      complain("jwks", error instanceof Error ? error.message : String(error));
    }
  } else if (jwksUri === undefined) complain("jwksUri", "Enter the address of the key set, or the keys themselves.");
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

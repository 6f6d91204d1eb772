import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { besideClientId, certificateUrl, signInBranches } from "#lib/connector-kit/sign-in.ts";

const { client_secret_jwt: secretJwt, private_key_jwt: privateKeyJwt, mutual_tls: mutualTls } = signInBranches;
const secret = besideClientId(secretJwt);

/** @param endpoint where the client goes */
const clientAuthentication = (label: string, endpoint: "token" | "introspection") =>
  field.method({
    label,
    fallback: "client_secret_basic",
    options: {
      client_secret_basic: { label: "Secret in the Authorization header", fields: secret },
      client_secret_post: { label: "Secret in the request body", fields: secret },
      client_secret_jwt: { ...secretJwt, fields: secret },
      private_key_jwt: { ...privateKeyJwt, fields: besideClientId(privateKeyJwt) },
      mutual_tls: {
        ...mutualTls,
        fields: {
          ...besideClientId(mutualTls),
          certificateUrl: certificateUrl(endpoint),
        },
      },
    },
  });

/** How the portal reaches a server that follows the standards. */
export const connection = z.strictObject({
  registration: field.method({
    label: "Who may register clients",
    help: "What the server asks for at its registration endpoint (RFC 7591).",
    fallback: "initial_access_token",
    options: {
      initial_access_token: {
        label: "Holders of an initial access token",
        fields: {
          token: field.secret({ label: "Initial access token", help: "The server's administrator issues it." }),
        },
      },
      client_credentials: {
        label: "A client of the portal's own",
        help: "The portal gets a bearer token for itself and registers clients with it.",
        fields: {
          clientId: field.text({ label: "Client id" }),
          authentication: clientAuthentication("How the portal's client authenticates", "token"),
          scopes: field.list({
            label: "Scopes",
            help: "What the token must hold so that clients may be registered.",
            optional: true,
          }),
        },
      },
      none: { label: "Anybody", help: "The server registers whoever asks.", fields: {} },
    },
  }),
  introspection: field.method({
    label: "Who asks about tokens",
    help: "A client that the server allows to introspect tokens (RFC 7662). Needed for opaque tokens.",
    fallback: "none",
    options: {
      none: { label: "Nobody: tokens are JWTs and checked by their signature", fields: {} },
      client: {
        label: "A client of the portal's own",
        fields: {
          clientId: field.text({ label: "Client id" }),
          authentication: clientAuthentication("How this client authenticates", "introspection"),
        },
      },
    },
  }),
});

/** What a developer chooses for a client. */
export const client = z.strictObject({
  authentication: field.method({
    label: "How the application authenticates",
    fallback: "client_secret_basic",
    options: {
      client_secret_basic: { label: "Secret in the Authorization header", fields: {} },
      client_secret_post: { label: "Secret in the request body", fields: {} },
      private_key_jwt: {
        label: "Signed with a private key",
        help: "The application keeps the key; the server reads the public part.",
        fields: { jwksUri: field.url({ label: "Address of the application's key set" }) },
      },
      none: { label: "No secret", help: "For applications in a browser or on a phone, with PKCE.", fields: {} },
    },
  }),
  applicationType: field.choice({
    label: "Runs",
    options: [
      { value: "web", label: "On a server or in a browser" },
      { value: "native", label: "On a phone or desktop" },
    ],
    fallback: "web",
  }),
  scopes: field.list({
    label: "Scopes",
    help: "What the client may ask for. Blank leaves it to the server.",
    optional: true,
  }),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

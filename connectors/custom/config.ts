import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";
import { besideClientId, certificateUrl, signInBranches } from "#lib/connector-kit/sign-in.ts";

const { client_secret_jwt: secretJwt, private_key_jwt: privateKeyJwt, mutual_tls: mutualTls } = signInBranches;

/** All that the portal may need of its own at such a server: somebody who may ask about opaque tokens. */
export const connection = z.strictObject({
  introspectionClientId: field.text({
    label: "Client that asks about tokens",
    help: "Only for tokens that are not JWTs: a client that may use the introspection endpoint (RFC 7662).",
    maximumLength: 255,
    optional: true,
  }),
  introspectionSecret: field.secret({
    label: "Secret of that client",
    help: "Blank where it signs with a private key or shows a certificate.",
    optional: true,
  }),
  introspectionAuthentication: field.method({
    label: "How that client authenticates",
    fallback: "client_secret_basic",
    options: {
      client_secret_basic: { label: "Secret in the Authorization header", fields: {} },
      client_secret_post: { label: "Secret in the request body", fields: {} },
      client_secret_jwt: { ...secretJwt, fields: {} },
      private_key_jwt: { ...privateKeyJwt, fields: besideClientId(privateKeyJwt) },
      mutual_tls: {
        ...mutualTls,
        fields: { ...besideClientId(mutualTls), certificateUrl: certificateUrl("introspection") },
      },
    },
  }),
});

/** Nothing is registered, so there is nothing to choose. */
export const client = z.strictObject({});

export type Connection = z.output<typeof connection>;

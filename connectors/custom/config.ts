import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";

/** All that the portal may need of its own at such a server: somebody who may ask about opaque tokens. */
export const connection = z.strictObject({
  introspectionClientId: field.text({
    label: "Client that asks about tokens",
    help: "Only for tokens that are not JWTs: a client that may use the introspection endpoint (RFC 7662).",
    maximumLength: 255,
    optional: true,
  }),
  introspectionSecret: field.secret({ label: "Secret of that client", optional: true }),
});

/** Nothing is registered, so there is nothing to choose. */
export const client = z.strictObject({});

export type Connection = z.output<typeof connection>;

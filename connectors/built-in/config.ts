import { z } from "zod";
import { field } from "#lib/connector-kit/fields.ts";

/** How the portal reaches its own authorization server. The portal fills this in by itself. */
export const connection = z.strictObject({
  registrationToken: field.secret({ label: "Registration token", help: "Lets the portal register clients." }),
  introspectionClientId: field.text({ label: "Client that asks about tokens" }),
  introspectionSecret: field.secret({ label: "Secret of that client" }),
});

const upToADay = { unit: "seconds", minimum: 60, maximum: 86_400, fallback: 3_600 } as const;

/** What a developer chooses for a client. */
export const client = z.strictObject({
  authentication: field.choice({
    label: "How the application authenticates",
    options: [
      { value: "client_secret_basic", label: "Secret in the Authorization header" },
      { value: "client_secret_post", label: "Secret in the request body" },
      { value: "none", label: "No secret", help: "For applications in a browser or on a phone, with PKCE." },
    ],
    fallback: "client_secret_basic",
  }),
  applicationType: field.choice({
    label: "Runs",
    options: [
      { value: "web", label: "On a server or in a browser" },
      { value: "native", label: "On a phone or desktop" },
    ],
    fallback: "web",
  }),
  applicationTokenLifetime: field.number({
    label: "Tokens of the application live",
    help: "Access tokens that it gets for itself (client credentials).",
    ...upToADay,
  }),
  userTokenLifetime: field.number({
    label: "Tokens of users live",
    help: "Access tokens that it gets for somebody who signed in, here or at a key manager whose tokens are exchanged.",
    ...upToADay,
  }),
  refreshTokenLifetime: field.number({
    label: "Refresh tokens live",
    unit: "seconds",
    minimum: 300,
    maximum: 7_776_000,
    fallback: 1_209_600,
    advanced: true,
  }),
  idTokenLifetime: field.number({ label: "ID tokens live", ...upToADay, advanced: true }),
});

export type Connection = z.output<typeof connection>;
export type ClientSettings = z.output<typeof client>;

import { z } from "zod";
import { text } from "#lib/foundation/text.ts";

/** Claims that a backend JWT may do without, by the names of our own dialect. */
export const ownClaims = [
  "sub",
  "client_id",
  "key_type",
  "scopes",
  "application",
  "subscription",
  "plan",
  "api",
  "key_manager",
] as const;
export type OwnClaim = (typeof ownClaims)[number];

/** Without these nobody could tell who says something, to whom, and for how long. */
const neededClaims: ReadonlySet<string> = new Set(["iss", "aud", "iat", "exp"]);

export const backendJwtAlgorithms = ["ES256", "RS256"] as const;
export const backendJwtDialects = ["LATCHKEY", "WSO2"] as const;
export type BackendJwtDialect = (typeof backendJwtDialects)[number];

/** Seconds that a backend JWT may live. */
export const backendJwtTtl = { minimum: 60, maximum: 3_600 } as const;

/** Headers with a meaning of their own on the way from Latchkey through the gateway to the backend. */
const takenHeader =
  /^(authorization|cache-control|connection|cookie|date|expect|host|keep-alive|location|retry-after|server|set-cookie|status|te|trailer|transfer-encoding|upgrade|via|www-authenticate|(content|proxy|x-accel|x-forwarded|x-latchkey|x-original)-.*)$/i;

/** What a tenant's backends are told with each allowed call. */
export const BackendJwtInput = z.strictObject({
  enabled: z.boolean(),
  algorithm: z.enum(backendJwtAlgorithms),
  header: text(64)
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/, "Begin with a letter, then use letters, digits and hyphens only.")
    .refine((name) => !takenHeader.test(name), {
      error: "This header has a meaning of its own. Choose another one, such as X-JWT-Assertion.",
    }),
  ttlSeconds: z
    .int("Use a whole number of seconds.")
    .min(backendJwtTtl.minimum, `Use at least ${String(backendJwtTtl.minimum)} seconds.`)
    .max(backendJwtTtl.maximum, `Use at most ${String(backendJwtTtl.maximum)} seconds.`),
  dialect: z.enum(backendJwtDialects),
  omittedClaims: z
    .array(
      text(200)
        .regex(/^\S+$/, "A claim name has no spaces.")
        .refine((name) => !neededClaims.has(name), {
          error: "Keep iss, aud, iat and exp: without them nobody could check the JWT.",
        }),
    )
    .max(100, "Leave out at most 100 claims."),
});
export type BackendJwtInput = z.input<typeof BackendJwtInput>;

/** What holds for a tenant that never chose anything. */
export const defaultBackendJwt: BackendJwtInput = {
  // Backends that do not check it gain nothing from learning more about the people who call them.
  enabled: false,
  algorithm: "ES256",
  header: "X-JWT-Assertion",
  ttlSeconds: 900,
  dialect: "LATCHKEY",
  omittedClaims: [],
};

export type BackendJwtView = BackendJwtInput & {
  /** `iss`, as backends see it. */
  issuer: string;
  /** Where backends find the keys. */
  keySetAddress: string;
};

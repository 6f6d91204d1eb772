// A backend that believes what Latchkey says about its callers, and nothing else. Runs as it is on Node 24; needs the
// package "jose".
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from "jose";

export type BackendSettings = {
  /** As the Gateways page shows it, such as https://latchkey.example/t/acme/gateway. */
  issuer: string;
  /** The API that this backend serves: context and version, such as /orders/1.0.0. */
  audience: string;
  /** Where the keys stand; also on the Gateways page. */
  keySet: string;
};

/** Makes the check: it takes the value of the header X-JWT-Assertion, and throws where nobody vouches for it. */
export function callerCheck({ issuer, audience, keySet }: BackendSettings): (jwt: string) => Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(keySet));
  return async (jwt) => {
    const { payload } = await jwtVerify(jwt, keys, {
      issuer,
      audience,
      typ: "latchkey-backend+jwt",
      algorithms: ["ES256", "RS256"],
      requiredClaims: ["exp"],
      clockTolerance: 5,
    });
    return payload;
  };
}

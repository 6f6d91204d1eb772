/** How clients of simulated servers prove themselves without sending a secret: RFC 7523 §3 and RFC 8705 §2. */
import { X509Certificate, type KeyObject } from "node:crypto";
import { decodeJwt, jwtVerify, type JWTVerifyGetKey } from "jose";
import { clientCertificateHeader } from "./simulator.ts";

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/**
 * Whether a form holds an assertion of exactly this client.
 *
 * @param expected.key the client's secret as bytes, its public key, or its key set
 * @param expected.audience what `aud` may name
 * @param expected.nowSeconds the server's clock, since the epoch
 * @param expected.used ids that were seen already; each assertion is good once
 */
export async function isAssertedBy(
  form: URLSearchParams,
  expected: {
    clientId: string;
    key: Uint8Array | KeyObject | JWTVerifyGetKey;
    audience: string[];
    nowSeconds: number;
    used: Set<string>;
  },
): Promise<boolean> {
  if (form.get("client_assertion_type") !== jwtBearer) return false;
  const { clientId, key, audience, nowSeconds, used } = expected;
  const checks = {
    issuer: clientId,
    subject: clientId,
    audience,
    currentDate: new Date(nowSeconds * 1000),
    requiredClaims: ["exp", "jti"],
  };
  const assertion = form.get("client_assertion") ?? "";
  try {
    // The overloads take keys and functions apart.
    const { payload } =
      typeof key === "function" ? await jwtVerify(assertion, key, checks) : await jwtVerify(assertion, key, checks);
    const isNew = !used.has(payload.jti ?? "");
    used.add(payload.jti ?? "");
    return isNew;
  } catch {
    return false;
  }
}

/**
 * The client that a form's assertion speaks of, unchecked.
 *
 * @returns its id, or an empty text
 */
export function assertedClientId(form: URLSearchParams): string {
  try {
    return decodeJwt(form.get("client_assertion") ?? "").sub ?? "";
  } catch {
    return "";
  }
}

/** The certificate that a request's connection was made with, or undefined. */
export function shownCertificate(request: Request): X509Certificate | undefined {
  const pem = decodeURIComponent(request.headers.get(clientCertificateHeader) ?? "");
  return pem === "" ? undefined : new X509Certificate(pem);
}

/** A certificate's subject as RFC 4514 writes it: the most specific part first. */
export function subjectOf(certificate: X509Certificate): string {
  return certificate.subject.split("\n").reverse().join(",");
}

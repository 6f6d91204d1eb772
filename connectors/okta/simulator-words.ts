/** How Okta's simulator says no: codes, statuses and words as developer.okta.com lists them. */
import { json } from "#lib/connector-kit/simulator.ts";

const management = {
  E0000001: [400, "Api validation failed"],
  E0000003: [400, "The request body was not well-formed."],
  E0000006: [403, "You do not have permission to perform the requested action"],
  E0000007: [404, "Not found: Resource not found"],
  E0000011: [401, "Invalid token provided"],
  E0000015: [401, "You do not have permission to access the feature you are requesting"],
  E0000022: [405, "The endpoint does not support the provided HTTP method"],
  E0000047: [429, "API call exceeded rate limit due to too many requests."],
  E0000056: [403, "Delete application forbidden."],
} as const;

/** A refusal of the management API. */
export function refusal(
  code: keyof typeof management,
  causes: readonly string[] = [],
  headers: Record<string, string> = {},
): Response {
  const [status, summary] = management[code];
  const body = {
    errorCode: code,
    errorSummary: summary,
    errorLink: code,
    errorId: `oae${"0".repeat(17)}`,
    errorCauses: causes.map((errorSummary) => ({ errorSummary })),
  };
  return json(status, body, headers);
}

const protocol = {
  access_denied: [401, "Policy evaluation failed for this request, please check the policy configurations."],
  consent_required: [400, "The following scopes require user consent and cannot be granted for this grant type."],
  no_org_scopes_granted: [400, "You are not allowed any of the requested scopes."],
  invalid_client: [401, "Client authentication failed. Either the client or the client credentials are invalid."],
  invalid_client_secret: [401, "The client secret supplied for a confidential client is invalid."],
  missing_client_credentials: [401, "No client credentials found."],
  org_needs_private_key: [
    401,
    "Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.",
  ],
  invalid_dpop_proof: [400, "The DPoP proof JWT header is missing."],
  invalid_request: [400, "The request is missing a parameter."],
  invalid_scope: [400, "One or more scopes are not configured for the authorization server resource."],
  no_default_scopes: [400, "The authorization server resource does not have any configured default scopes."],
  openid_not_allowed: [400, "This grant type does not support OpenID Connect scopes."],
  invalid_subject_token: [400, "The subject token is invalid."],
  invalid_audience: [400, "The audience is not that of this authorization server."],
  unauthorized_client: [400, "The client is not authorized to use the provided grant type."],
  unsupported_grant_type: [400, "The authorization grant type is not supported by the authorization server."],
} as const;

/** OAuth codes that the internal ones above stand for. */
const codes: Partial<Record<keyof typeof protocol, string>> = {
  no_org_scopes_granted: "consent_required",
  invalid_client_secret: "invalid_client",
  missing_client_credentials: "invalid_client",
  org_needs_private_key: "invalid_client",
  no_default_scopes: "invalid_scope",
  openid_not_allowed: "invalid_scope",
  invalid_subject_token: "invalid_request",
  invalid_audience: "invalid_target",
};

/** A refusal of the protocol endpoints. */
export function denial(name: keyof typeof protocol): Response {
  const [status, error_description] = protocol[name];
  return json(status, { error: codes[name] ?? name, error_description });
}

/** A client id that nobody has: the token endpoint answers in the management API's form. */
export function unknownClient(): Response {
  const body = {
    errorCode: "invalid_client",
    errorSummary: "Invalid value for 'client_id' parameter.",
    errorLink: "invalid_client",
    errorId: `oae${"0".repeat(17)}`,
    errorCauses: [],
  };
  return json(401, body);
}

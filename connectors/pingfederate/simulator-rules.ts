/** What PingFederate's administrative API accepts as a client, and its words for what it does not (OpenAPI description, 12.1). */
import { z } from "zod";
import { json } from "#lib/connector-kit/simulator.ts";

const text = z.string().optional();
const texts = z.array(z.string()).optional();
const flag = z.boolean().optional();
const whole = z.number().int().optional();
const link = z.strictObject({ id: z.string() }).optional();
const anything = z.unknown().optional();
const byServer = z.enum(["SERVER_DEFAULT", "OVERRIDE_SERVER_DEFAULT"]).optional();
const limited = z.enum(["INDEFINITE_EXPIRY", "SERVER_DEFAULT", "OVERRIDE_SERVER_DEFAULT"]).optional();
const unit = z.enum(["MINUTES", "DAYS", "HOURS"]).optional();

const grantType = z.enum([
  "IMPLICIT",
  "AUTHORIZATION_CODE",
  "RESOURCE_OWNER_CREDENTIALS",
  "CLIENT_CREDENTIALS",
  "REFRESH_TOKEN",
  "EXTENSION",
  "DEVICE_CODE",
  "ACCESS_TOKEN_VALIDATION",
  "CIBA",
  "TOKEN_EXCHANGE",
]);

const secondarySecret = z.strictObject({ secret: text, encryptedSecret: text, expiryTime: text });

/** ClientSecret. */
export const secretBody = z.strictObject({
  secret: text,
  encryptedSecret: text,
  secondarySecrets: z.array(secondarySecret).optional(),
});

/** Client: unknown members are refused, those of no interest to a connector are taken as they are. */
export const clientBody = z.strictObject({
  clientId: text,
  enabled: flag,
  redirectUris: texts,
  grantTypes: z.array(grantType).optional(),
  name: text,
  description: text,
  modificationDate: text,
  creationDate: text,
  replicationStatus: text,
  clientSecretChangedTime: text,
  logoUrl: text,
  defaultAccessTokenManagerRef: link,
  restrictToDefaultAccessTokenManager: flag,
  validateUsingAllEligibleAtms: flag,
  refreshRolling: z.enum(["SERVER_DEFAULT", "DONT_ROLL", "ROLL"]).optional(),
  persistentGrantExpirationType: limited,
  persistentGrantExpirationTime: whole,
  persistentGrantExpirationTimeUnit: unit,
  persistentGrantIdleTimeoutType: limited,
  persistentGrantIdleTimeout: whole,
  persistentGrantIdleTimeoutTimeUnit: unit,
  bypassApprovalPage: flag,
  restrictScopes: flag,
  restrictedScopes: texts,
  exclusiveScopes: texts,
  restrictedResponseTypes: texts,
  requirePushedAuthorizationRequests: flag,
  requireProofKeyForCodeExchange: flag,
  tokenExchangeProcessorPolicyRef: link,
  clientAuth: z
    .strictObject({
      type: z.enum(["NONE", "SECRET", "CERTIFICATE", "PRIVATE_KEY_JWT", "CLIENT_SECRET_JWT"]).optional(),
      ...secretBody.shape,
      clientCertIssuerDn: text,
      clientCertSubjectDn: text,
      enforceReplayPrevention: flag,
      tokenEndpointAuthSigningAlgorithm: text,
    })
    .optional(),
  jwksSettings: z.strictObject({ jwks: text, jwksUrl: text }).optional(),
  clientSecretRetentionPeriodType: byServer,
  clientSecretRetentionPeriod: whole,
  extendedParameters: anything,
  oidcPolicy: anything,
  requireDpop: flag,
  requireSignedRequests: flag,
  ...Object.fromEntries(
    `refreshTokenRollingIntervalType refreshTokenRollingInterval refreshTokenRollingIntervalTimeUnit
    persistentGrantReuseType persistentGrantReuseGrantTypes allowAuthenticationApiInit enableCookielessAuthenticationApi
    authorizationDetailTypes requireJwtSecuredAuthorizationResponseMode
    requestObjectSigningAlgorithm deviceFlowSettingType userAuthorizationUrlOverride
    pendingAuthorizationTimeoutOverride devicePollingIntervalOverride bypassActivationCodeConfirmationOverride
    cibaDeliveryMode cibaNotificationEndpoint cibaPollingInterval cibaRequireSignedRequests
    cibaRequestObjectSigningAlgorithm cibaUserCodeSupported requestPolicyRef refreshTokenRollingGracePeriodType
    refreshTokenRollingGracePeriod tokenIntrospectionSigningAlgorithm tokenIntrospectionEncryptionAlgorithm
    tokenIntrospectionContentEncryptionAlgorithm jwtSecuredAuthorizationResponseModeSigningAlgorithm
    jwtSecuredAuthorizationResponseModeEncryptionAlgorithm
    jwtSecuredAuthorizationResponseModeContentEncryptionAlgorithm requireOfflineAccessScopeToIssueRefreshTokens
    offlineAccessRequireConsentPrompt`
      .split(/\s+/)
      .map((name) => [name, anything] as const),
  ),
});
export type ClientBody = z.output<typeof clientBody>;

/** ScopeEntry. */
export const scopeBody = z.strictObject({ name: z.string(), description: z.string(), dynamic: flag });
export type ScopeBody = z.output<typeof scopeBody>;

/** What a client may refer to. */
export type Surroundings = {
  commonScopes: ReadonlySet<string>;
  exclusiveScopes: ReadonlySet<string>;
  managers: ReadonlySet<string>;
  policies: ReadonlySet<string>;
};

type Problem = { fieldPath: string; errorId: string; message: string };

const problem = (fieldPath: string, errorId: string, message: string): Problem => ({ fieldPath, errorId, message });

/** The server's own checks of a client, apart from its secret. */
export function problemsOf(client: ClientBody, known: Surroundings): Problem[] {
  const { grantTypes = [], clientAuth, jwksSettings, restrictedScopes = [], exclusiveScopes = [] } = client;
  const type = clientAuth?.type ?? "NONE";
  const found: Problem[] = [];
  const check = (isWrong: boolean, ...words: Parameters<typeof problem>) => {
    if (isWrong) found.push(problem(...words));
  };
  check(!client.clientId, "clientId", "required_field", "Client ID is required.");
  check(!client.name, "name", "required_field", "Name is required.");
  check(grantTypes.length === 0, "grantTypes", "required_field", "At least one grant type must be selected.");
  check(
    grantTypes.includes("CLIENT_CREDENTIALS") && type === "NONE",
    "clientAuth",
    "invalid_client_auth",
    "Client authentication is required for the Client Credentials grant type.",
  );
  check(
    grantTypes.some((name) => ["AUTHORIZATION_CODE", "IMPLICIT"].includes(name)) && !client.redirectUris?.length,
    "redirectUris",
    "required_field",
    "At least one redirect URI is required for the Authorization Code and Implicit grant types.",
  );
  check(
    type === "PRIVATE_KEY_JWT" && !jwksSettings?.jwks && !jwksSettings?.jwksUrl,
    "jwksSettings",
    "required_field",
    "Either JWKS or JWKS URL is required for private key JWT client authentication.",
  );
  check(
    type === "CERTIFICATE" && !(clientAuth?.clientCertIssuerDn && clientAuth.clientCertSubjectDn),
    "clientAuth",
    "required_field",
    "Issuer DN and subject DN are required for client TLS certificate authentication.",
  );
  check(
    restrictedScopes.length > 0 && !client.restrictScopes,
    "restrictedScopes",
    "invalid_scopes",
    "Scopes can only be restricted if Restrict Common Scopes is selected.",
  );
  for (const name of restrictedScopes) {
    check(
      !known.commonScopes.has(name),
      "restrictedScopes",
      "invalid_scope",
      `The common scope '${name}' does not exist.`,
    );
  }
  for (const name of exclusiveScopes) {
    check(
      !known.exclusiveScopes.has(name),
      "exclusiveScopes",
      "invalid_scope",
      `The exclusive scope '${name}' does not exist.`,
    );
  }
  const manager = client.defaultAccessTokenManagerRef?.id;
  check(
    manager !== undefined && !known.managers.has(manager),
    "defaultAccessTokenManagerRef.id",
    "invalid_reference",
    `The access token manager '${manager ?? ""}' does not exist.`,
  );
  const policy = client.tokenExchangeProcessorPolicyRef?.id;
  check(
    policy !== undefined && !known.policies.has(policy),
    "tokenExchangeProcessorPolicyRef.id",
    "invalid_reference",
    `The token exchange processor policy '${policy ?? ""}' does not exist.`,
  );
  check(
    client.persistentGrantExpirationType === "OVERRIDE_SERVER_DEFAULT" && !client.persistentGrantExpirationTime,
    "persistentGrantExpirationTime",
    "required_field",
    "A persistent grant lifetime is required.",
  );
  return found;
}

/** ApiResult: how every refusal of the API looks. */
export function refusal(status: number, resultId: string, message: string, validationErrors?: Problem[]): Response {
  return json(status, { resultId, message, ...(validationErrors && { validationErrors }) });
}

/** 422, naming what is wrong with each field. */
export function invalid(...problems: Problem[]): Response {
  const message = "Validation error(s) occurred. Please review the error(s) and address accordingly.";
  return refusal(422, "validation_error", message, problems);
}

/** 422 about one field. */
export const invalidField = (...words: Parameters<typeof problem>) => invalid(problem(...words));

/** 400, for what does not follow the description at all. */
export const malformed = (error: z.ZodError) =>
  refusal(
    400,
    "invalid_request",
    `The request was improperly formatted: ${error.issues.map((issue) => issue.message).join(", ")}`,
  );

/** 404. */
export const absent = () => refusal(404, "resource_not_found", "The resource you requested was not found.");

import type { Prisma } from "./generated/client.ts";

/**
 * Who owns the rows of each model. `tenant` rows are scoped by tenantDb; `installation` rows belong to no
 * tenant and are reached through installationDb only. The compiler demands an entry for each new model.
 */
export const ownership = {
  Tenant: "installation",
  Person: "installation",
  Session: "installation",
  OneTimeLink: "installation",
  RateLimiterFlexible: "installation",
  GlobalKeyManager: "installation",
  GlobalReporter: "installation",
  ClaimedClient: "tenant",
  Membership: "tenant",
  Invitation: "tenant",
  IdentityProvider: "tenant",
  FederatedIdentity: "tenant",
  AuditEvent: "tenant",
  KeyManager: "tenant",
  Application: "tenant",
  KeyMapping: "tenant",
  Api: "tenant",
  ApiResource: "tenant",
  ApiScope: "tenant",
  ScopeMirror: "tenant",
  ApiKeyManager: "tenant",
  ApiSubscriberTenant: "tenant",
  Plan: "tenant",
  ApiPlan: "tenant",
  Subscription: "tenant",
  CrossTenantSubscription: "tenant",
  GatewayCredential: "tenant",
  SigningKey: "tenant",
  BackendJwt: "tenant",
  AuthorizationState: "tenant",
  ClientSecret: "tenant",
  Revocation: "tenant",
  ConfigChange: "tenant",
  Webhook: "tenant",
  WebhookDelivery: "tenant",
} as const satisfies Record<Prisma.ModelName, "tenant" | "installation">;

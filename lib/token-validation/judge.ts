import { allOf, listOf, type Explain } from "./explain.ts";
import type { TokenFacts } from "./facts.ts";
import type { ResourceTable, SnapshotResource } from "./resources.ts";
import type { CompiledApi, Grant, GrantedSubscription, Snapshot, SubscriptionState, TrustAnchor } from "./snapshot.ts";
import { refuse, refuseScope, type Allowed, type KeyType, type Reason, type Refused, type Verdict } from "./verdict.ts";

/** A verified token in front of one resource of one API. */
export type Case = {
  snapshot: Snapshot;
  anchor: TrustAnchor;
  facts: TokenFacts;
  /** What the token's consumer key opens; null where it belongs to nobody. */
  grant: Grant | null;
  api: CompiledApi;
  method: string;
  path: string;
  /** What a GraphQL call asks for; undefined where the gateway did not say. */
  operations: readonly string[] | undefined;
};

/** Decides what the facts of a token open whose key manager the API takes: no I/O, nothing remembered. */
export function judge(
  { snapshot, anchor, facts, grant, api, method, path, operations }: Case,
  explain?: Explain,
): Verdict {
  const subscription = grant?.subscriptions.get(api.id) ?? null;
  explain?.("application", applicationSides({ api, facts, grant }));
  if (api.subscriptionValidation) {
    if (!grant) return refuse("consumer_key_unknown");
    explain?.("subscription", subscriptionSides(api, grant, subscription));
    if (!subscription) return refuse("not_subscribed");
    const reason = refusalOfState(subscription.state, grant.keyType);
    if (reason) return refuse(reason);
  }

  const closed =
    api.kind === "GRAPHQL"
      ? refuseOperations(api, { facts, path, operations }, explain)
      : refuseResource(
          api.resources.find(api.kind === "HTTP" ? method : "GET", path),
          facts,
          explain && {
            asked: `${method} ${path === "" ? "/" : path}`,
            nearby: () => resourcesNear(api.resources, path),
            explain,
          },
        );
  if (closed) return closed;
  explain?.("audience", {
    expected: listOf([...api.audiences], "any: the API names no audience"),
    seen: listOf(facts.audiences, "none"),
  });
  if (api.audiences.size > 0 && !facts.audiences.some((audience) => api.audiences.has(audience))) {
    return refuse("audience_refused");
  }
  return allow({ snapshot, anchor, facts, api, grant }, subscription);
}

/** @param told who listens, what the call asks for, and what there is instead where that is none, in words for people */
function refuseResource(
  resource: SnapshotResource | null | undefined,
  { scopes }: TokenFacts,
  told: { asked: string; nearby?: () => string; explain: Explain } | undefined,
): Refused | null {
  told?.explain("resource", {
    expected: "a resource of the API",
    seen: `${told.asked}, which is ${resource ? `${resource.method} ${resource.path}` : `none${told.nearby?.() ?? ""}`}`,
  });
  if (!resource) return refuse("resource_unknown");
  told?.explain("scopes", {
    expected:
      resource.scopes.length === 0 ? "none: the resource asks for none" : `any of ${resource.scopes.join(", ")}`,
    seen: listOf(scopes, "none"),
  });
  if (resource.scopes.length === 0 || resource.scopes.some((scope) => scopes.includes(scope))) return null;
  return refuseScope(resource.scopes);
}

/** What of an API comes near a call that is none of its resources; empty where nothing does. */
function resourcesNear(resources: ResourceTable, path: string): string {
  const { methods, otherLetters } = resources.near(path);
  if (methods.length > 0) return `: this path exists, with ${allOf(methods)}`;
  return otherLetters.length > 0 ? `: it differs from ${allOf(otherLetters)} in capital and small letters` : "";
}

/** The name of the type is in every schema and tells nothing (GraphQL §4.4). */
const typeName = /^(QUERY|MUTATION|SUBSCRIPTION) __typename$/;

/** Every field that the call touches must be open to the token; a call that touches none asks for nothing. */
function refuseOperations(
  api: CompiledApi,
  { facts, path, operations }: Pick<Case, "facts" | "path" | "operations">,
  explain: Explain | undefined,
): Refused | null {
  explain?.("resource", {
    expected: "the address of the API itself, and the operations that the call asks for",
    seen: `${path === "" ? "/" : path}, ${listOf(operations ?? [], "no operation")}`,
  });
  const end = path.search(/[?#]/);
  const address = end < 0 ? path : path.slice(0, end);
  if (address !== "" && address !== "/") return refuse("resource_unknown");
  if (operations === undefined || operations.length === 0) return refuse("operations_unknown");
  for (const operation of operations) {
    if (typeName.test(operation)) continue;
    const refused = refuseResource(api.operations.get(operation), facts, explain && { asked: operation, explain });
    if (refused) return refused;
  }
  return null;
}

/** Whether the API takes tokens of this key manager at all; asked on every call, before any work is done for a token. */
export function refuseAnchor(anchor: TrustAnchor, api: Pick<CompiledApi, "accepts">): Refused | null {
  if (!anchor.enabled) return refuse("key_manager_disabled");
  return api.accepts(anchor.keyManagerId) ? null : refuse("key_manager_not_accepted");
}

function allow(
  { snapshot, anchor, facts, api, grant }: Pick<Case, "snapshot" | "anchor" | "facts" | "api" | "grant">,
  subscription: GrantedSubscription | null,
): Allowed {
  return {
    allowed: true,
    api: api.view,
    keyManager: { id: anchor.keyManagerId, name: anchor.name },
    consumerKey: facts.consumerKey,
    keyType: grant?.keyType ?? null,
    application: grant?.application ?? null,
    subscription: subscription?.view ?? null,
    plan: subscription && snapshot.findPlan(subscription.planId),
    subject: facts.subject,
    scopes: facts.scopes,
    claims: facts.claims,
    expiresAt: facts.expiresAt,
    backendToken: null,
  };
}

function applicationSides({ api, facts, grant }: Pick<Case, "api" | "facts" | "grant">) {
  const name = facts.consumerKey ?? "none";
  return {
    expected: api.subscriptionValidation
      ? "a consumer key that belongs to an application here"
      : "any or none: the API asks for no subscription",
    seen: grant
      ? `${name}, ${grant.keyType.toLowerCase()} key of ${grant.application.name}`
      : `${name}, which belongs to no application at this key manager`,
  };
}

const states: Record<SubscriptionState, string> = {
  ACTIVE: "active",
  BLOCKED: "blocked",
  PRODUCTION_BLOCKED: "blocked for production keys",
  ON_HOLD: "on hold",
  REJECTED: "rejected",
};

function subscriptionSides({ view }: CompiledApi, grant: Grant, subscription: GrantedSubscription | null) {
  return {
    expected: `an active subscription of ${grant.application.name} to ${view.name} ${view.version}`,
    seen: subscription ? states[subscription.state] : "none",
  };
}

function refusalOfState(state: SubscriptionState, keyType: KeyType): Reason | null {
  switch (state) {
    case "ACTIVE":
      return null;
    case "BLOCKED":
      return "subscription_blocked";
    case "PRODUCTION_BLOCKED":
      return keyType === "PRODUCTION" ? "subscription_production_blocked" : null;
    case "ON_HOLD":
    case "REJECTED":
      return "subscription_inactive";
  }
}

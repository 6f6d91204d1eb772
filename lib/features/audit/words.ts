/** An audit event in plain words. */
import type { AuditChange } from "./contract.ts";

type Event = {
  actorName: string;
  action: string;
  subjectType: string;
  subjectName: string;
  before?: unknown;
  after?: unknown;
};

/** What an action is called in a list of choices, and how it is told. `{}` stands for the subject's name. */
type Words = {
  label: string;
  /** After the actor's name. What happened may depend on what the event holds. */
  did: string | ((event: Event) => string);
  /** Without "to", for what may be refused or left open. */
  attempt?: string;
};

const stateOf = (event: Event, field: string): unknown => memberOf(event.after, field);

/** "switched off" or "switched on", by a flag of the state after. */
const byFlag = (field: string, on: string, off: string) => (event: Event) =>
  stateOf(event, field) === true ? on : off;

/** What a test found out about a server; it writes nothing else. */
const simulatedByFlag = (whom: string) =>
  byFlag("simulated", `found ${whom} to be a simulator`, `found ${whom} to be no simulator any more`);

const providerOf = (event: Event): string => {
  const name = stateOf(event, "identityProvider") ?? memberOf(event.before, "identityProvider");
  return typeof name === "string" ? name : "an identity provider";
};

const apiStatuses: Record<string, string> = {
  PUBLISHED: "published the API {}",
  CREATED: "withdrew the API {} from developers",
  RETIRED: "retired the API {}",
};

const subscriptionStates: Record<string, string> = {
  ACTIVE: "let the subscription {} call again",
  BLOCKED: "blocked the subscription {}",
  PRODUCTION_BLOCKED: "blocked the production keys of the subscription {}",
  ON_HOLD: "put the subscription {} on hold",
  REJECTED: "rejected the subscription {}",
};

const told = new Map<string, Words>([
  ["api.change_status", { label: "Change the status of an API", did: byState("status", apiStatuses) }],
  ["api.create", { label: "Create an API", did: "created the API {}" }],
  ["api.delete", { label: "Delete an API", did: "deleted the API {}" }],
  ["api.update", { label: "Change an API", did: "changed the API {}" }],
  [
    "application.change_owner",
    { label: "Give an application to another owner", did: "gave the application {} to another owner" },
  ],
  ["application.create", { label: "Create an application", did: "created the application {}" }],
  ["application.delete", { label: "Delete an application", did: "deleted the application {}" }],
  [
    "application.revoke_tokens",
    {
      label: "Revoke the tokens of one's own application",
      did: "revoked the tokens that the application {} got so far",
    },
  ],
  ["application.update", { label: "Change an application", did: "changed the application {}" }],
  [
    "backend_jwt.update",
    { label: "Change what backends are told", did: "changed what backends are told with each call" },
  ],
  ["cross_tenant_subscription.create", { label: "Subscribe across tenants", did: "made the subscription {}" }],
  [
    "cross_tenant_subscription.delete",
    { label: "End a subscription across tenants", did: "ended the subscription {}" },
  ],
  [
    "cross_tenant_subscription.set_state",
    { label: "Allow or block a subscription across tenants", did: byState("state", subscriptionStates) },
  ],
  ["gateway_credential.create", { label: "Create a gateway credential", did: "created the gateway credential {}" }],
  ["gateway_credential.revoke", { label: "Revoke a gateway credential", did: "revoked the gateway credential {}" }],
  ["global_key_manager.delete", { label: "Delete a global key manager", did: "deleted the global key manager {}" }],
  [
    "global_key_manager.make_reporter",
    {
      label: "Let a global key manager report",
      did: "made a credential with which the global key manager {} reports what it revokes",
    },
  ],
  [
    "global_key_manager.register",
    { label: "Connect a global key manager", did: "connected the global key manager {}" },
  ],
  [
    "global_key_manager.remove_reporter",
    {
      label: "Stop a global key manager's reports",
      did: "took away the credential with which the global key manager {} reports what it revokes",
    },
  ],
  [
    "global_key_manager.set_enabled",
    {
      label: "Enable or disable a global key manager",
      did: byFlag("enabled", "enabled the global key manager {}", "disabled the global key manager {}"),
    },
  ],
  [
    "global_key_manager.set_serving",
    {
      label: "Offer or withdraw a global key manager",
      did: (event) => {
        const served = stateOf(event, "served");
        if (served === undefined) return "changed which tenants the global key manager {} serves";
        return served === true
          ? "offered the global key manager {} here"
          : "withdrew the global key manager {} from here";
      },
    },
  ],
  [
    "global_key_manager.test_stored",
    { label: "Test a global key manager", did: simulatedByFlag("the global key manager {}") },
  ],
  ["global_key_manager.update", { label: "Change a global key manager", did: "changed the global key manager {}" }],
  ["identity_provider.add", { label: "Add an identity provider", did: "added the identity provider {}" }],
  ["identity_provider.delete", { label: "Delete an identity provider", did: "deleted the identity provider {}" }],
  ["identity_provider.edit", { label: "Change an identity provider", did: "changed the identity provider {}" }],
  [
    "identity_provider.set_enabled",
    {
      label: "Enable or disable an identity provider",
      did: byFlag("enabled", "enabled the identity provider {}", "disabled the identity provider {}"),
    },
  ],
  [
    "invitation.accept",
    {
      label: "Accept an invitation",
      did: (event) =>
        stateOf(event, "identityProvider") === undefined
          ? "accepted an invitation"
          : `accepted an invitation through ${providerOf(event)}`,
    },
  ],
  ["invitation.revoke", { label: "Take an invitation back", did: "took back the invitation of {}" }],
  ["key_manager.delete", { label: "Delete a key manager", did: "deleted the key manager {}" }],
  [
    "key_manager.refresh",
    { label: "Bring a built-in key manager up to date", did: "brought the key manager {} up to date" },
  ],
  ["key_manager.register", { label: "Connect a key manager", did: "connected the key manager {}" }],
  [
    "key_manager.set_enabled",
    {
      label: "Enable or disable a key manager",
      did: byFlag("enabled", "enabled the key manager {}", "disabled the key manager {}"),
    },
  ],
  ["key_manager.test_stored", { label: "Test a key manager", did: simulatedByFlag("the key manager {}") }],
  ["key_manager.update", { label: "Change a key manager", did: "changed the key manager {}" }],
  [
    "key_mapping.choose_scopes",
    {
      label: "Choose the scopes of keys",
      did: "chose the scopes of {}",
      attempt: "choose the scopes of {}",
    },
  ],
  [
    "key_mapping.narrow_scopes",
    {
      label: "Narrow the scopes of keys",
      did: "narrowed the scopes of {}",
      attempt: "narrow the scopes of {}",
    },
  ],
  [
    "key_mapping.tell_owner",
    {
      label: "Tell a key manager the owner of keys",
      did: "gave the client of {} to its application's owner",
      attempt: "give the client of {} to its application's owner",
    },
  ],
  ["key_mapping.generate", { label: "Generate keys", did: "generated keys for {}", attempt: "generate keys for {}" }],
  [
    "key_mapping.exchange_token",
    { label: "Exchange a token", did: "exchanged a token with {}", attempt: "exchange a token with {}" },
  ],
  [
    "key_mapping.issue_token",
    { label: "Get a test token", did: "got a test token for {}", attempt: "get a test token for {}" },
  ],
  [
    "key_mapping.map",
    {
      label: "Use an existing client",
      did: "mapped an existing client to {}",
      attempt: "map an existing client to {}",
    },
  ],
  [
    "key_mapping.add_secret",
    {
      label: "Add a consumer secret",
      did: "made a further consumer secret for {}",
      attempt: "make a further consumer secret for {}",
    },
  ],
  [
    "key_mapping.remove_secret",
    {
      label: "Remove a consumer secret",
      did: "removed a consumer secret of {}",
      attempt: "remove a consumer secret of {}",
    },
  ],
  [
    "key_mapping.read_secrets",
    {
      label: "Read which consumer secrets there are",
      did: "read which consumer secrets {} has",
      attempt: "read which consumer secrets {} has",
    },
  ],
  [
    "key_mapping.attach",
    {
      label: "Attach a client without proof",
      did: "attached an existing client to {} without a proof whose it is",
    },
  ],
  [
    "key_mapping.reconcile",
    {
      label: "Finish an open operation on keys",
      did: "finished an open operation on the keys of {}",
      attempt: "finish an open operation on the keys of {}",
    },
  ],
  [
    "key_mapping.refresh",
    { label: "Read keys afresh", did: "read the keys of {} afresh", attempt: "read the keys of {} afresh" },
  ],
  [
    "key_mapping.regenerate_secret",
    {
      label: "Make a new consumer secret",
      did: "made a new consumer secret for {}",
      attempt: "make a new consumer secret for {}",
    },
  ],
  ["key_mapping.remove", { label: "Remove keys", did: "removed the keys of {}", attempt: "remove the keys of {}" }],
  [
    "key_mapping.resume",
    {
      label: "Go on with an open operation on keys",
      did: "went on with an open operation on the keys of {}",
      attempt: "go on with an open operation on the keys of {}",
    },
  ],
  ["key_mapping.revoke_tokens", { label: "Revoke the tokens of keys", did: "revoked the tokens that {} got so far" }],
  [
    "key_mapping.revoke_token",
    { label: "Revoke a token of keys", did: "revoked a token of {}", attempt: "revoke a token of {}" },
  ],
  [
    "key_mapping.refuse_token",
    { label: "Have gateways refuse a token of keys", did: "had gateways refuse a token of {}" },
  ],
  ["key_mapping.reveal_secret", { label: "Reveal a consumer secret", did: "revealed the consumer secret of {}" }],
  ["key_mapping.update", { label: "Change keys", did: "changed the keys of {}", attempt: "change the keys of {}" }],
  ["person.change_password", { label: "Change one's own password", did: "changed their own password" }],
  ["person.change_roles", { label: "Change a person's roles", did: "changed the roles of {}" }],
  ["person.invite", { label: "Invite a person", did: "invited {}" }],
  [
    "person.join",
    { label: "Join through an identity provider", did: (event) => `joined through ${providerOf(event)}` },
  ],
  ["person.link", { label: "Link an identity", did: (event) => `linked their sign-in at ${providerOf(event)}` }],
  [
    "person.make_password_link",
    { label: "Make a password link", did: "made a link with which {} sets a new password" },
  ],
  ["person.set_active", { label: "Enable or disable a person", did: byFlag("active", "enabled {}", "disabled {}") }],
  ["person.set_up", { label: "Set up one's own account", did: "set up their account by a link" }],
  ["person.sign_in_by_link", { label: "Sign in by a link", did: "signed in by a link that works once" }],
  ["person.sign_in_locked", { label: "Stop sign-in attempts", did: "stopped further sign-in attempts as {} for now" }],
  ["person.unlink", { label: "Unlink an identity", did: (event) => `unlinked their sign-in at ${providerOf(event)}` }],
  ["person.use_password_link", { label: "Use a password link", did: "set a new password by a link" }],
  ["plan.create", { label: "Create a plan", did: "created the plan {}" }],
  ["plan.delete", { label: "Delete a plan", did: "deleted the plan {}" }],
  ["plan.update", { label: "Change a plan", did: "changed the plan {}" }],
  [
    "scope_mirror.reconcile",
    {
      label: "Mirror scopes to a key manager",
      did: (event) =>
        ["made", "changed", "removed"].some((field) => stateOf(event, field) !== undefined)
          ? "brought the scopes at {} up to date"
          : "tried to bring the scopes at {} up to date, which failed",
    },
  ],
  [
    "scope_mirror.retry",
    { label: "Try to mirror scopes again", did: "asked for the scopes of {} to be mirrored again" },
  ],
  ["revocation.create", { label: "Revoke tokens", did: "revoked tokens of the key manager {}" }],
  [
    "revocation.create_for_application",
    { label: "Revoke the tokens of an application", did: "revoked the tokens that the application {} got so far" },
  ],
  ["revocation.report", { label: "Report revoked tokens", did: "revoked tokens of the key manager {}" }],
  ["subscription.create", { label: "Subscribe to an API", did: "made the subscription {}" }],
  ["subscription.delete", { label: "End a subscription", did: "ended the subscription {}" }],
  ["subscription.set_state", { label: "Allow or block a subscription", did: byState("state", subscriptionStates) }],
  [
    "tenant.create",
    {
      label: "Create the tenant",
      did: ({ subjectType }) =>
        subjectType === "invitation" ? "invited {} as the first administrator" : "created the tenant {}",
    },
  ],
  [
    "tenant.set_active",
    {
      label: "Suspend or reactivate the tenant",
      did: byFlag("active", "reactivated the tenant {}", "suspended the tenant {}"),
    },
  ],
  ["webhook.create", { label: "Add a webhook", did: "added the webhook {}" }],
  ["webhook.delete", { label: "Delete a webhook", did: "deleted the webhook {}" }],
  [
    "webhook.give_up",
    { label: "Stop a webhook that fails", did: "disabled the webhook {}, which failed for too long" },
  ],
  [
    "webhook.set_enabled",
    {
      label: "Enable or disable a webhook",
      did: byFlag("enabled", "enabled the webhook {}", "disabled the webhook {}"),
    },
  ],
  ["webhook.test", { label: "Test a webhook", did: "sent a test to the webhook {}" }],
]);

/** How an attempt is told that did not simply succeed. `{}` stands for it. */
const outcomes: Record<string, string> = {
  refused: "tried to {}, which was refused",
  unknown: "began to {}; the outcome is not known yet",
  not_yet: "began to {}; the outcome is not known yet",
  gone: "tried to {}, but the key manager does not know this client any more",
  needs_attention: "tried to {}; somebody has to look at it",
};

/** True where an action has words of its own; a test asks this of every action there is. */
export function hasWords(action: string): boolean {
  return told.has(action);
}

/** "key_manager.register" on Keycloak by Ada → "Ada connected the key manager Keycloak". */
export function sentenceOf(event: Event): string {
  return `${event.actorName} ${predicateOf(event).replaceAll("{}", () => event.subjectName)}`;
}

function predicateOf(event: Event): string {
  const words = told.get(event.action);
  // An action of an older version that exists no more.
  if (!words) return `did “${event.action}” on {}`;
  const outcome = outcomes[String(stateOf(event, "outcome"))];
  if (outcome && words.attempt) return outcome.replace("{}", () => words.attempt ?? "");
  return typeof words.did === "string" ? words.did : words.did(event);
}

/** "api.create" → "Create an API", for lists of choices. */
export function actionName(action: string): string {
  return told.get(action)?.label ?? action;
}

/** By the value of a field of the state after. */
function byState(field: string, words: Record<string, string>) {
  return (event: Event) => words[String(stateOf(event, field))] ?? `changed the ${field} of {}`;
}

function memberOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}

/** What differs between two states, field by field, nested ones by path. */
export function changesOf(before: unknown, after: unknown): AuditChange[] {
  const [old, now] = [flatten(before), flatten(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((field) => old.get(field) !== now.get(field))
    .map((field) => ({ field, before: old.get(field) ?? null, after: now.get(field) ?? null }));
}

function flatten(value: unknown, prefix = ""): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) return new Map([[prefix || "value", textOf(value)]]);
  const members: [string, unknown][] = Object.entries(value);
  const entries = members.flatMap(([key, inner]): [string, string][] => {
    const path = prefix ? `${prefix}.${key}` : key;
    return inner === null ? [[path, "none"]] : [...flatten(inner, path)];
  });
  return new Map(entries);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(textOf).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

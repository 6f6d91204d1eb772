import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { actionName, changesOf, hasWords, sentenceOf } from "./words.ts";

const event = (action: string, subjectType: string, subjectName: string, after?: unknown) => ({
  actorName: "Ada",
  action,
  subjectType,
  subjectName,
  after,
});

const features = fileURLToPath(new URL("..", import.meta.url));
/** Reads of operators and between tenants; every other read is told apart by how it is defined. */
const reads = new Set([
  "tenant.list",
  "cross_tenant_subscription.list_of_api",
  "cross_tenant_subscription.list_of_application",
  "global_key_manager.get",
  "global_key_manager.get_serving",
  "global_key_manager.list",
  "global_key_manager.list_served",
  "global_key_manager.preview_disable",
]);

/** Every action that the features can write into the history, found in their source. */
function actions(): string[] {
  const files = readdirSync(features, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  const found = files.flatMap((file) => {
    const text = readFileSync(join(features, file), "utf8");
    const named = text.matchAll(
      /(?<!define(?:Operator)?(?:Query|Inquiry)\(\{\s*)\baction(?:: | = )"([a-z_]+\.[a-z_]+)"/g,
    );
    const passed = text.matchAll(/\b(?:audit|settleAudited|inAuditedTransaction)\(\w+, "([a-z_]+\.[a-z_]+)"/g);
    return [...named, ...passed].map(([, action = ""]) => action);
  });
  return [...new Set(found)].filter((action) => !reads.has(action)).sort();
}

describe("audit words", () => {
  it("are asked of the actions that there are", () => {
    expect(actions().length).toBeGreaterThan(40);
    expect(actions()).toEqual(expect.arrayContaining(["api.change_status", "key_mapping.reconcile", "tenant.create"]));
    expect(actions()).not.toContain("api.list");
  });

  it.each([
    [event("key_manager.register", "key_manager", "Keycloak"), "Ada connected the key manager Keycloak"],
    [event("person.change_roles", "person", "Grace"), "Ada changed the roles of Grace"],
    [event("api.create", "api", "Orders 1.0.0"), "Ada created the API Orders 1.0.0"],
    [event("api.change_status", "api", "Orders 1.0.0", { status: "PUBLISHED" }), "Ada published the API Orders 1.0.0"],
    [
      event("api.change_status", "api", "Orders 1.0.0", { status: "CREATED" }),
      "Ada withdrew the API Orders 1.0.0 from developers",
    ],
    [event("person.set_active", "person", "Grace", { active: false }), "Ada disabled Grace"],
    [
      event("key_manager.set_enabled", "key_manager", "Keycloak", { enabled: true }),
      "Ada enabled the key manager Keycloak",
    ],
    [event("tenant.create", "tenant", "Acme"), "Ada created the tenant Acme"],
    [event("tenant.create", "invitation", "x@acme.example"), "Ada invited x@acme.example as the first administrator"],
    [event("key_mapping.generate", "key_mapping", "Shop · Kc · Sandbox"), "Ada generated keys for Shop · Kc · Sandbox"],
    [
      event("key_mapping.generate", "key_mapping", "Shop · Kc", { outcome: "refused" }),
      "Ada tried to generate keys for Shop · Kc, which was refused",
    ],
    [
      event("subscription.set_state", "subscription", "Shop → Orders", { state: "BLOCKED" }),
      "Ada blocked the subscription Shop → Orders",
    ],
    [event("person.link", "person", "Ada", { identityProvider: "Staff" }), "Ada linked their sign-in at Staff"],
    [
      { ...event("person.unlink", "person", "Ada"), before: { identityProvider: "Staff" } },
      "Ada unlinked their sign-in at Staff",
    ],
    [event("invitation.accept", "person", "Ada"), "Ada accepted an invitation"],
    [
      event("invitation.accept", "person", "Ada", { identityProvider: "Staff" }),
      "Ada accepted an invitation through Staff",
    ],
  ])("tell %o as a sentence", (given, sentence) => {
    expect(sentenceOf(given)).toBe(sentence);
  });

  it("keep a name that looks like a pattern as it is", () => {
    expect(sentenceOf(event("plan.create", "plan", "$& {} $1"))).toBe("Ada created the plan $& {} $1");
  });

  it.each(actions())("exist for %s, with a label for the list of choices", (action) => {
    expect(hasWords(action)).toBe(true);
    expect(actionName(action)).toMatch(/^[A-Z][A-Za-z'’ -]+$/);
    const [, verb = ""] = action.split(".", 2);
    const sentence = sentenceOf(event(action, "thing", "Subject"));
    expect(sentence).toMatch(/^Ada [a-z]/);
    if (verb.includes("_")) expect(sentence).not.toContain(verb);
  });

  it("show only what differs, nested fields by their path", () => {
    const before = { name: "a", enabled: true, roles: ["CREATOR"], connection: { url: "x", realm: "r" } };
    const after = { name: "a", enabled: false, roles: ["CREATOR", "DEVELOPER"], connection: { url: "y", realm: "r" } };
    expect(changesOf(before, after)).toEqual([
      { field: "enabled", before: "yes", after: "no" },
      { field: "roles", before: "CREATOR", after: "CREATOR, DEVELOPER" },
      { field: "connection.url", before: "x", after: "y" },
    ]);
    expect(changesOf(null, { name: "n" })).toEqual([{ field: "name", before: null, after: "n" }]);
    expect(changesOf({ name: "n" }, null)).toEqual([{ field: "name", before: "n", after: null }]);
  });
});

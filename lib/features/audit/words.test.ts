import { describe, expect, it } from "vitest";
import { actionName, changesOf, sentenceOf } from "./words.ts";

const event = (action: string, subjectType: string, subjectName: string) => ({
  actorName: "Ada",
  action,
  subjectType,
  subjectName,
});

describe("audit words", () => {
  it("tell an event as a sentence", () => {
    expect(sentenceOf(event("key_manager.register", "key_manager", "Keycloak"))).toBe(
      "Ada registered the key manager Keycloak",
    );
    expect(sentenceOf(event("person.change_roles", "person", "Grace"))).toBe(
      "Ada changed the roles of the person Grace",
    );
    expect(sentenceOf(event("api.create", "api", "Orders"))).toBe("Ada created the API Orders");
    expect(actionName("person.change_roles")).toBe("Change roles person");
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

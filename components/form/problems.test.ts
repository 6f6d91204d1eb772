import { describe, expect, it } from "vitest";
import { listProblems, type Caption } from "./problems.ts";

const wrong = (message: string) => ({ type: "custom", message });

/** Lists the problems of a form that has these fields. */
function list(errors: object, fields: Record<string, Caption>) {
  return listProblems(errors, (path) => fields[path]);
}

describe("the problems of a form", () => {
  it("are named as their fields are", () => {
    expect(list({ name: wrong("Enter a name.") }, { name: { label: "Name" } })).toEqual([
      { path: "name", label: "Name", message: "Enter a name." },
    ]);
  });

  it("say in which item of a list they are", () => {
    const fields = {
      "resources.0.path": { label: "Path", group: "Resource 1" },
      "resources.2.path": { label: "Path", group: "Resource 3" },
      "resources.2.url": { label: "URL", group: "Resource 3" },
    };
    const message = "Begin with a slash.";
    // As react-hook-form holds them: items without a problem are missing.
    const resources = [{ path: wrong(message) }, undefined, { path: wrong(message), url: wrong("Enter one.") }];
    expect(list({ resources }, fields)).toEqual([
      { path: "resources.0.path", label: "Resource 1, path", message },
      { path: "resources.2.path", label: "Resource 3, path", message },
      { path: "resources.2.url", label: "Resource 3, URL", message: "Enter one." },
    ]);
  });

  it("lead to the control that holds a wrong entry, once for each thing that is wrong", () => {
    const fields = { "resources.0.scopes": { label: "Scopes", group: "Resource 1" } };
    const message = "Use at most 100 characters.";
    expect(list({ resources: [{ scopes: [wrong(message), wrong(message), wrong("No blanks.")] }] }, fields)).toEqual([
      { path: "resources.0.scopes", label: "Resource 1, scopes", message },
      { path: "resources.0.scopes", label: "Resource 1, scopes", message: "No blanks." },
    ]);
  });

  it("of a whole list are named as the list is", () => {
    expect(list({ resources: { root: wrong("Add one.") } }, { resources: { label: "Resources" } })).toEqual([
      { path: "resources", label: "Resources", message: "Add one." },
    ]);
  });

  it("lead nowhere where no field holds them", () => {
    expect(list({ revision: wrong("It was changed meanwhile.") }, {})).toEqual([
      { path: undefined, label: undefined, message: "It was changed meanwhile." },
    ]);
  });
});

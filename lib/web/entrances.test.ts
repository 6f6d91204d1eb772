import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const app = fileURLToPath(new URL("../../app", import.meta.url));
const files = readdirSync(app, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
const textOf = (file: string) => readFileSync(join(app, file), "utf8");

/** Pages that need nobody to be signed in, and why that is safe. */
const publicPages = new Map([
  ["gallery/page.tsx", "shows no data, and does not exist in production"],
  ["(auth)/sign-in/page.tsx", "is where strangers go"],
  ["(auth)/link/[token]/page.tsx", "the link in the address is the credential"],
  ["(auth)/invitation/[token]/page.tsx", "the link in the address is the credential"],
]);
/** Pages of the built-in authorization server, which knows its own callers. */
const ownGuard = (file: string) => file.startsWith("(auth)/t/[tenant]/");

const guard = /\b(requireContext|requireOperator|requireSession)\(/;
const pages = files.filter((file) => /(^|\/)page\.tsx$/.test(file) && !ownGuard(file));
const actions = files.filter((file) => /^["']use server["']/m.test(textOf(file)) && !ownGuard(file));
const routes = files.filter((file) => /(^|\/)route\.tsx?$/.test(file) && !ownGuard(file));

describe("every way into the portal checks by itself", () => {
  it("finds what it looks for", () => {
    expect(pages.length).toBeGreaterThan(5);
    expect(actions.length).toBeGreaterThan(3);
    expect(routes.length).toBeGreaterThan(0);
  });

  it.each(pages.filter((page) => !publicPages.has(page)))("page %s asks who is calling", (page) => {
    expect(textOf(page)).toMatch(guard);
  });

  it.each([...publicPages.keys()])("public page %s still exists", (page) => {
    expect(pages).toContain(page);
  });

  it.each(actions)("actions of %s are made by a define…Action", (file) => {
    const exported = [...textOf(file).matchAll(/^export (?:const \w+\s*=\s*(\w+)|(\w+))/gm)];
    expect(exported.length).toBeGreaterThan(0);
    for (const [line, maker] of exported) {
      expect(maker ?? line).toMatch(/^define(Operator|Personal|Public)?Action$/);
    }
  });

  it("the only route is sign-in itself; everything else is an action", () => {
    expect(routes).toEqual(["api/auth/[...nextauth]/route.ts"]);
    expect(routes.map(textOf).join()).toContain("handleAuth as GET");
  });
});

import { expect, it } from "vitest";
import { readOneTimeLink } from "#lib/features/identity/one-time-links.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { seedDemo } from "./seed.ts";

it("makes two tenants with people for each role, once, and gives fresh links until they are used", async () => {
  const deps = testDependencies();
  const first = await seedDemo(deps);
  expect(new Set(first.map(({ tenant }) => tenant)).size).toBe(2);
  const roles = first.map(({ roles }) => roles).join(", ");
  for (const role of ["administrator", "creator", "developer"]) expect(roles).toContain(role);

  const again = await seedDemo(deps);
  expect(again.map(({ name }) => name)).toEqual(first.map(({ name }) => name));
  const tokenOf = ({ url }: { url: string }) => url.split("/").at(-1) ?? "";
  for (const person of first) expect(await readOneTimeLink(deps, tokenOf(person))).toBeNull();
  for (const person of again) expect(await readOneTimeLink(deps, tokenOf(person))).toMatchObject({ name: person.name });
});

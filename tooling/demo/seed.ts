/** A small believable world to look around in: two tenants, people for each role, APIs, applications. */
import { tenantDb } from "#lib/data/database.ts";
import { insertMembership } from "#lib/data/memberships.ts";
import { findPersonByEmail, insertPerson } from "#lib/data/people.ts";
import { findTenantBySlug } from "#lib/data/tenants.ts";
import { changeApiStatus } from "#lib/features/apis/change-status.ts";
import type { ApiInput } from "#lib/features/apis/contract.ts";
import { createApi } from "#lib/features/apis/create.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import type { Context, Dependencies } from "#lib/features/context.ts";
import { issueOneTimeLink } from "#lib/features/identity/one-time-links.ts";
import { permissionsOf, type Role } from "#lib/features/permissions.ts";
import { subscribe } from "#lib/features/subscriptions/subscribe.ts";
import { createTenant } from "#lib/features/tenants/create.ts";
import { newId, type PersonId, type TenantId } from "#lib/foundation/ids.ts";

export type DemoPerson = { tenant: string; name: string; roles: string; url: string };

type World = {
  slug: string;
  name: string;
  people: { name: string; email: string; roles: Role[] }[];
  apis: ApiInput[];
  applications: { name: string; description: string; subscribesTo: string[] }[];
};

const linkLifeSeconds = 24 * 60 * 60;

const worlds: World[] = [
  {
    slug: "harbour-foods",
    name: "Harbour Foods",
    people: [
      { name: "Ada Brandt", email: "ada.brandt@harbour-foods.example", roles: ["ADMINISTRATOR"] },
      { name: "Chidi Okafor", email: "chidi.okafor@harbour-foods.example", roles: ["CREATOR"] },
      { name: "Mei Tanaka", email: "mei.tanaka@harbour-foods.example", roles: ["DEVELOPER"] },
    ],
    apis: [
      {
        name: "Orders",
        version: "1.0.0",
        context: "/orders",
        description: "Place orders, follow them and cancel them until they leave the warehouse.",
        scopes: [
          { name: "orders:read", description: "See orders" },
          { name: "orders:write", description: "Place and cancel orders" },
        ],
        resources: [
          { verb: "GET", path: "/orders", scopes: ["orders:read"] },
          { verb: "POST", path: "/orders", scopes: ["orders:write"] },
          { verb: "GET", path: "/orders/{id}", scopes: ["orders:read"] },
          { verb: "DELETE", path: "/orders/{id}", scopes: ["orders:write"] },
        ],
      },
      {
        name: "Catalogue",
        version: "2.1.0",
        context: "/catalogue",
        description: "Products, their prices and what is in stock.",
        scopes: [{ name: "catalogue:prices", description: "See purchase prices" }],
        resources: [
          { verb: "GET", path: "/products", scopes: [] },
          { verb: "GET", path: "/products/{id}", scopes: [] },
          { verb: "GET", path: "/products/{id}/prices", scopes: ["catalogue:prices"] },
        ],
      },
    ],
    applications: [
      { name: "Shop website", description: "What customers see.", subscribesTo: ["Orders", "Catalogue"] },
      { name: "Warehouse scanner", description: "Hand-held devices in hall 3.", subscribesTo: ["Orders"] },
    ],
  },
  {
    slug: "northwind-rail",
    name: "Northwind Rail",
    people: [
      { name: "Jonas Lind", email: "jonas.lind@northwind-rail.example", roles: ["ADMINISTRATOR", "CREATOR"] },
      { name: "Priya Nair", email: "priya.nair@northwind-rail.example", roles: ["DEVELOPER"] },
    ],
    apis: [
      {
        name: "Departures",
        version: "1.0.0",
        context: "/departures",
        description: "Trains that leave within the next two hours, with delays and platforms.",
        resources: [
          { verb: "GET", path: "/stations", scopes: [] },
          { verb: "GET", path: "/stations/{code}/departures", scopes: [] },
        ],
      },
    ],
    applications: [{ name: "Platform displays", description: "", subscribesTo: ["Departures"] }],
  },
];

/**
 * Makes what is missing of the demo. Repeatable; people who have not chosen a password yet get a fresh link.
 *
 * @returns the people who still need their link, which works once within 24 hours
 */
export async function seedDemo(deps: Dependencies): Promise<DemoPerson[]> {
  const people: DemoPerson[] = [];
  for (const world of worlds) {
    const known = await deps.database.inInstallation((ctx) => findTenantBySlug(ctx, world.slug));
    const tenant = known ?? (await furnish(deps, world));
    people.push(...(await linksFor(deps, world, tenant.name)));
  }
  return people;
}

async function furnish(deps: Dependencies, world: World): Promise<{ id: TenantId; slug: string; name: string }> {
  const installation = { actor: { kind: "system", name: "Demo" }, requestId: newId<TenantId>(), deps } as const;
  const { slug, name } = world;
  const administrator = world.people[0];
  if (!administrator) throw new Error(`The demo's tenant ${slug} has nobody.`);
  const created = await createTenant(installation, { slug, name, administratorEmail: administrator.email });
  const tenant = { id: created.id as TenantId, slug, name };

  const callers = await Promise.all(world.people.map((person) => addPerson(deps, tenant, person)));
  const withRole = (role: Role): Context => {
    const index = world.people.findIndex(({ roles }) => roles.includes(role));
    const caller = callers[index];
    if (!caller) throw new Error(`The demo's tenant ${slug} lacks a person with the role ${role}.`);
    return caller;
  };
  const plan = await deps.database.inTenant(tenant.id, (ctx) =>
    tenantDb(ctx).plan.findFirstOrThrow({ where: { name: "Gold" }, select: { id: true } }),
  );
  const apiIds = new Map<string, string>();
  for (const input of world.apis) {
    const api = await createApi(withRole("CREATOR"), { ...input, planIds: [plan.id] });
    await changeApiStatus(withRole("CREATOR"), { id: api.id, change: "publish" });
    apiIds.set(input.name, api.id);
  }
  for (const { subscribesTo, ...input } of world.applications) {
    const application = await createApplication(withRole("DEVELOPER"), input);
    for (const apiName of subscribesTo) {
      const apiId = apiIds.get(apiName) ?? "";
      await subscribe(withRole("DEVELOPER"), { applicationId: application.id, apiId, planId: plan.id });
    }
  }
  return tenant;
}

async function addPerson(
  deps: Dependencies,
  tenant: Context["tenant"],
  { name, email, roles }: World["people"][number],
): Promise<Context> {
  const person = await deps.database.inInstallation(async (ctx) => {
    const known = (await findPersonByEmail(ctx, email)) ?? (await insertPerson(ctx, { name, email }));
    await insertMembership(ctx, { tenantId: tenant.id, personId: known.id, roles });
    return known;
  });
  return {
    tenant,
    actor: { kind: "person", personId: person.id, name, email, isOperator: false },
    permissions: permissionsOf(roles),
    requestId: newId<PersonId>(),
    deps,
  };
}

async function linksFor(deps: Dependencies, world: World, tenant: string): Promise<DemoPerson[]> {
  return deps.database.inInstallation(async (ctx) => {
    const links: DemoPerson[] = [];
    for (const { name, email, roles } of world.people) {
      const person = await findPersonByEmail(ctx, email);
      if (!person || person.passwordHash !== null) continue;
      const { url } = await issueOneTimeLink(ctx, deps, {
        personId: person.id,
        purpose: "FIRST_SIGN_IN",
        lifeSeconds: linkLifeSeconds,
      });
      links.push({ tenant, name, roles: roles.join(", ").toLowerCase(), url });
    }
    return links;
  });
}

/** The first page of each role: what is there, what waits, and what is missing before the first call. */
import { z } from "zod";
import { listClosedApis, listDisabledInUse, listUnsettledKeys, readSetUp } from "#lib/data/home.ts";
import { listApis as readApis } from "#lib/data/apis.ts";
import { listApplications as readApplications } from "#lib/data/applications.ts";
import { listKeyManagers } from "../key-managers/list.ts";
import type { Context } from "../context.ts";
import { toApiSummaryView } from "../apis/views.ts";
import { requirePerson } from "../applications/own.ts";
import { toApplicationView } from "../applications/views.ts";
import { defineQuery } from "../verb.ts";
import type { AdministratorHomeView, CreatorHomeView, DeveloperHomeView } from "./contract.ts";

/** So many of each are shown; their own pages show the rest. */
const shown = 5;

const readAdministration = defineQuery({
  action: "home.read_administration",
  permission: "key_manager:read",
  input: z.strictObject({}),
  async run(ctx) {
    return { setUp: await readSetUp(ctx), disabled: await listDisabledInUse(ctx, shown) };
  },
});

/** What an administrator sees first. */
export async function readAdministratorHome(ctx: Context): Promise<AdministratorHomeView> {
  const { items } = await listKeyManagers(ctx, { limit: shown });
  const { setUp, disabled } = await readAdministration(ctx, {});
  return {
    keyManagers: items.map(({ id, displayName, connector, enabled }) => ({
      id,
      displayName,
      connectorName: connector.name,
      enabled,
    })),
    steps: [
      { title: "Have a key manager", href: "/admin/key-managers", done: items.some(({ enabled }) => enabled) },
      { title: "Invite the people who create and develop", href: "/admin/people", done: setUp.hasCompany },
      { title: "Give your gateway its credential", href: "/admin/gateways", done: setUp.hasGateway },
    ],
    attention: disabled.map(({ id, displayName }) => ({
      text: `${displayName} is disabled, but APIs or applications use it.`,
      href: `/admin/key-managers/${id}`,
    })),
  };
}

/** What a creator sees first. */
export const readCreatorHome = defineQuery({
  action: "home.read_creation",
  permission: "api:write",
  input: z.strictObject({}),
  async run(ctx): Promise<CreatorHomeView> {
    const { items } = await readApis(ctx, { after: null, limit: shown });
    const published = await readApis(ctx, { status: "PUBLISHED", after: null, limit: 1 });
    const closed = await listClosedApis(ctx, shown);
    return {
      apis: items.map(toApiSummaryView),
      steps: [
        { title: "Describe an API, or import it", href: "/creator/apis/new", done: items.length > 0 },
        { title: "Publish it", href: "/creator/apis", done: published.items.length > 0 },
      ],
      attention: closed.map(({ id, name, version }) => ({
        text: `Nobody can call ${name} ${version}: every key manager that it accepts is disabled.`,
        href: `/creator/apis/${id}`,
      })),
    };
  },
});

/** What a developer sees first. */
export const readDeveloperHome = defineQuery({
  action: "home.read_development",
  permission: "application:write",
  input: z.strictObject({}),
  async run(ctx): Promise<DeveloperHomeView> {
    const { personId } = requirePerson(ctx.actor);
    const page = await readApplications(ctx, { ownerId: personId, after: null, limit: shown });
    const applications = page.items.map(toApplicationView);
    const [newest] = applications;
    const unsettled = await listUnsettledKeys(ctx, { ownerId: personId, limit: shown });
    return {
      applications,
      steps: [
        {
          title: "Create an application",
          href: "/developer/applications?create=application",
          done: applications.length > 0,
        },
        {
          title: "Generate its keys",
          href: newest ? `/developer/applications/${newest.id}/keys/production` : "/developer/applications",
          done: applications.some(({ keys }) => keys.production + keys.sandbox > 0),
        },
        {
          title: "Subscribe it to an API",
          href: "/developer/apis",
          done: applications.some(({ subscriptions }) => subscriptions > 0),
        },
      ],
      attention: unsettled.map(({ applicationId, applicationName, keyManagerName, keyType }) => ({
        text: `The ${keyType.toLowerCase()} keys of ${applicationName} at ${keyManagerName} are not settled.`,
        href: `/developer/applications/${applicationId}/keys/${keyType.toLowerCase()}`,
      })),
    };
  },
});

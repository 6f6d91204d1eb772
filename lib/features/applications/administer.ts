import { findApplication } from "#lib/data/applications.ts";
import { listAllKeyManagers } from "#lib/data/key-managers.ts";
import { listKeyMappings } from "#lib/data/key-mappings.ts";
import { findMembershipOfPerson, listActiveHolders, type MembershipRecord } from "#lib/data/memberships.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApplicationId } from "#lib/foundation/ids.ts";
import { toTile } from "../key-managers/views.ts";
import { keyManagersThatFollow } from "../key-mappings/owners.ts";
import { defineInquiry, defineQuery } from "../verb.ts";
import {
  ApplicationRef,
  FindOwnersInput,
  type AdministeredApplicationView,
  type AdministeredKeys,
  type PossibleOwner,
} from "./contract.ts";
import { toApplicationView } from "./views.ts";

/**
 * Anybody's application in the tenant, with what its keys mean for a change of owner. Reads our own records only.
 *
 * @throws {AppError} `application.not_found`
 */
export const getEveryApplication = defineInquiry({
  action: "application.read_every",
  permission: "application:administer",
  input: ApplicationRef,
  async run(ctx, { id }): Promise<AdministeredApplicationView> {
    const { application, mappings, keyManagers, membership } = await ctx.deps.database.inTenant(
      ctx.tenant.id,
      async (tx) => {
        const found = await findApplication(tx, id as ApplicationId);
        if (!found) throw new AppError("application.not_found");
        return {
          application: found,
          mappings: await listKeyMappings(tx, found.id),
          keyManagers: await listAllKeyManagers(tx),
          membership: await findMembershipOfPerson(tx, found.ownerId),
        };
      },
    );
    const following = new Set((await keyManagersThatFollow(ctx)).map((keyManager) => keyManager.id));
    const byId = new Map(keyManagers.map((keyManager) => [keyManager.id, keyManager]));
    const { ownerId, ownerName } = application;
    return {
      ...toApplicationView(application),
      owner: {
        personId: ownerId,
        name: membership?.name ?? ownerName,
        email: membership?.email ?? null,
        isActive: membership !== null && mayOwn(membership),
      },
      keySets: mappings.flatMap((mapping): AdministeredKeys[] => {
        const keyManager = byId.get(mapping.keyManagerId);
        if (!keyManager) return [];
        const { id: keyManagerId, displayName, connectorId } = keyManager;
        const { ownerChange, mode } = mapping;
        const follows = following.has(keyManagerId) && mode === "PROVISIONED";
        return [
          {
            id: mapping.id,
            keyManager: { id: keyManagerId, displayName, monogram: toTile(connectorId).monogram },
            keyType: mapping.keyType,
            isMapped: mode === "MAPPED",
            state: mapping.state,
            owner: follows || ownerChange ? { isKnown: !ownerChange, problem: ownerChange?.problem ?? null } : null,
          },
        ];
      }),
    };
  },
});

/** How many people a search shows. */
const shownAtMost = 20;

/**
 * Who might take an application over: active developers of the tenant besides its owner, by name.
 *
 * @throws {AppError} `application.not_found`
 */
export const findOwners = defineQuery({
  action: "application.find_owners",
  permission: "application:administer",
  input: FindOwnersInput,
  async run(ctx, { id, search }): Promise<PossibleOwner[]> {
    const application = await findApplication(ctx, id as ApplicationId);
    if (!application) throw new AppError("application.not_found");
    const except = application.ownerId;
    const found = await listActiveHolders(ctx, { role: "DEVELOPER", search, except, limit: shownAtMost });
    return found.map(({ personId, name, email }) => ({ personId, name, email }));
  },
});

/** True for a member who may own applications now: active here and altogether, with the role developer. */
export function mayOwn({ isActive, personIsActive, roles }: MembershipRecord): boolean {
  return isActive && personIsActive && roles.includes("DEVELOPER");
}

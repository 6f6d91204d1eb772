import { newId, type InvitationId, type PersonId, type TenantId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { Role } from "./generated/client.ts";
import { afterPosition, toPage, type Page, type Position } from "./paging.ts";
import { containing } from "./search.ts";

export type InvitationRecord = {
  id: InvitationId;
  email: string;
  roles: Role[];
  expiresAt: Date;
  createdAt: Date;
};

const columns = { id: true, email: true, roles: true, expiresAt: true, createdAt: true } as const;

/** Stores an invitation and takes the place of every open one for the same address. */
export async function replaceInvitation(
  ctx: TenantContext,
  invitation: {
    email: string;
    roles: Role[];
    tokenHash: string;
    invitedById: PersonId | null;
    expiresAt: Date;
    now: Date;
  },
): Promise<InvitationRecord> {
  const { now, ...values } = invitation;
  await tenantDb(ctx).invitation.updateMany({
    where: { email: values.email, acceptedAt: null, revokedAt: null },
    data: { revokedAt: now },
  });
  const row = await tenantDb(ctx).invitation.create({
    data: { id: newId<InvitationId>(), tenantId: ctx.tenantId, ...values },
    select: columns,
  });
  return toInvitationRecord(row);
}

/** Invitations that can still be accepted, newest first. */
export async function listOpenInvitations(
  ctx: TenantContext,
  { after, limit, search, now }: { after: Position | null; limit: number; search?: string | undefined; now: Date },
): Promise<Page<InvitationRecord>> {
  const rows = await tenantDb(ctx).invitation.findMany({
    where: {
      acceptedAt: null,
      revokedAt: null,
      expiresAt: { gt: now },
      ...(search ? { email: containing(search) } : {}),
      ...afterPosition(after),
    },
    select: columns,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  return toPage(rows, limit, toInvitationRecord);
}

/** Takes an open invitation back. @returns it, or null where none is open under this id */
export async function revokeInvitation(
  ctx: TenantContext,
  id: InvitationId,
  now: Date,
): Promise<InvitationRecord | null> {
  const where = { id, acceptedAt: null, revokedAt: null };
  const row = await tenantDb(ctx).invitation.findFirst({ where, select: columns });
  const { count } = await tenantDb(ctx).invitation.updateMany({ where, data: { revokedAt: now } });
  return row && count === 1 ? toInvitationRecord(row) : null;
}

/** An invitation as somebody sees who holds its link. */
export type OpenInvitation = {
  id: InvitationId;
  email: string;
  roles: Role[];
  tenant: { id: TenantId; slug: string; name: string };
};

/** The open invitation behind a link, of an active tenant. Looking uses nothing up. */
export async function findOpenInvitation(
  ctx: InstallationContext,
  tokenHash: string,
  now: Date,
): Promise<OpenInvitation | null> {
  const row = await installationDb(ctx).invitation.findFirst({
    where: { tokenHash, acceptedAt: null, revokedAt: null, expiresAt: { gt: now }, tenant: { status: "ACTIVE" } },
    select: { id: true, email: true, roles: true, tenant: { select: { id: true, slug: true, name: true } } },
  });
  return row && { ...row, id: row.id as InvitationId, tenant: { ...row.tenant, id: row.tenant.id as TenantId } };
}

/** Uses an invitation up. Of several callers at the same time exactly one gets true. */
export async function acceptInvitationOnce(ctx: InstallationContext, id: InvitationId, now: Date): Promise<boolean> {
  const { count } = await installationDb(ctx).invitation.updateMany({
    where: { id, acceptedAt: null, revokedAt: null, expiresAt: { gt: now } },
    data: { acceptedAt: now },
  });
  return count === 1;
}

function toInvitationRecord<Row extends { id: string }>(row: Row): Row & { id: InvitationId } {
  return { ...row, id: row.id as InvitationId };
}

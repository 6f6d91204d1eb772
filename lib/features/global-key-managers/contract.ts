import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";
import { text } from "#lib/foundation/text.ts";
import { RegisterKeyManagerInput, type KeyManagerListItem, type KeyManagerView } from "../key-managers/contract.ts";

/** All tenants, new ones too, or those that are listed. */
export const servings = ["ALL", "LISTED"] as const;
export type Serving = (typeof servings)[number];

/** Addresses of tenants, as they stand in "/t/{address}/oidc". */
export const TenantAddresses = z
  .array(text(40, "A tenant's address has at most 40 characters.").toLowerCase().min(1))
  .max(1_000, "List at most 1000 tenants, or choose every tenant.");

const serving = { serves: z.enum(servings), tenants: TenantAddresses.default([]) };

export const RegisterGlobalKeyManagerInput = RegisterKeyManagerInput.extend(serving).superRefine(refuseNobody);
export type RegisterGlobalKeyManagerInput = z.input<typeof RegisterGlobalKeyManagerInput>;

export const SetServingInput = z
  .strictObject({ id: z.uuid(), revision: z.number().int().min(1), ...serving })
  .superRefine(refuseNobody);
export type SetServingInput = z.input<typeof SetServingInput>;

export const ListServedInput = z.strictObject({
  id: z.uuid(),
  cursor: CursorInput,
  limit: z.number().int().min(1).max(100).default(50),
});

export type GlobalKeyManagerListItem = KeyManagerListItem & { serves: Serving; tenants: number };

export type GlobalKeyManagerView = KeyManagerView & { serves: Serving };

/** Which tenants a global key manager serves, as its form has it. */
export type ServingView = {
  id: string;
  revision: number;
  serves: Serving;
  /** Addresses; empty where every tenant is served. */
  tenants: string[];
};

/** A tenant that is served, and who uses the key manager there. */
export type ServedTenantView = { id: string; name: string; slug: string; apis: number; applications: number };

function refuseNobody({ serves, tenants }: { serves: Serving; tenants: string[] }, check: z.RefinementCtx): void {
  if (serves === "ALL" || tenants.length > 0) return;
  check.addIssue({ code: "custom", path: ["tenants"], message: "List at least one tenant, or choose every tenant." });
}

/** The credential with which a global key manager reports what it revokes, without the credential. */
export type GlobalReporterView = {
  /** First characters, to recognise it. */
  prefix: string;
  createdAt: string;
  lastUsedAt: string | null;
};

/** The only time that the credential itself is seen. */
export type NewGlobalReporterView = GlobalReporterView & { credential: string };

import { z } from "zod";
import { findBackendJwt } from "#lib/data/backend-jwt.ts";
import { defineQuery } from "../verb.ts";
import type { BackendJwtView } from "./contract.ts";
import { toBackendJwtView } from "./views.ts";

/** What the tenant's backends are told with each allowed call. */
export const readBackendJwt = defineQuery({
  action: "backend_jwt.read",
  permission: "backend_jwt:read",
  input: z.strictObject({}),
  async run(ctx): Promise<BackendJwtView> {
    return toBackendJwtView(ctx, await findBackendJwt(ctx));
  },
});

/** What people are told about calls and tokens. Everything is read at this moment, by the code that judges calls. */
import { findRevocationOf } from "#lib/data/revocations.ts";
import { readTenantConfiguration } from "#lib/data/validation-snapshot.ts";
import type { Dependencies } from "#lib/features/context.ts";
import type { CallExplanation, ExplainCall } from "#lib/features/explanations/contract.ts";
import type { InspectToken } from "#lib/features/revocations/contract.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { isRefused } from "#lib/token-validation/facts.ts";
import { compileSnapshot } from "#lib/token-validation/snapshot.ts";
import { createValidator } from "#lib/token-validation/validator.ts";
import type { Verdict } from "#lib/token-validation/verdict.ts";
import { fetchKeySet } from "./trust-anchors.ts";
import { grantReader, introspectThrough, toLoadedTenant } from "./validation-sources.ts";

/** Makes what explains calls. @param deps asked for when a call is explained: they hold what is made here */
export function createExplainCall(deps: () => Dependencies): ExplainCall {
  return async (tenantId, { token, method, address, operations }) => {
    const { verdict, checks } = await validatorOf(deps()).explain({
      ...{ tenantId, token, method, operations },
      target: { requestPath: address },
    });
    return { verdict: viewOf(verdict), checks };
  };
}

/** Makes what looks into tokens. @param deps as for `createExplainCall` */
export function createInspectToken(deps: () => Dependencies): InspectToken {
  return async (tenantId, token) => {
    const inspected = await validatorOf(deps()).inspect(tenantId, token);
    if (isRefused(inspected)) return { usable: false, reason: inspected.reason, message: inspected.message };
    const { facts, anchor } = inspected;
    return {
      usable: true,
      keyManagerId: anchor.keyManagerId,
      consumerKey: facts.consumerKey,
      tokenId: facts.tokenId,
      expiresAt: facts.expiresAt === null ? null : new Date(Math.ceil(facts.expiresAt) * 1_000),
    };
  };
}

/** A validator that remembers nothing from before. */
function validatorOf(deps: Dependencies) {
  const { database, clock, log, outbound } = deps;
  const readGrants = grantReader(deps);
  return createValidator({
    clock,
    log,
    async snapshot(tenantId) {
      const rows = await database.inInstallation((ctx) => readTenantConfiguration(ctx, tenantId as TenantId));
      return rows && compileSnapshot(toLoadedTenant(rows).snapshot);
    },
    async grant(tenantId, keyManagerId, consumerKey) {
      const found = await readGrants(tenantId as TenantId, [consumerKey]);
      return found.find((one) => one.keyManagerId === keyManagerId)?.grant ?? null;
    },
    isRevoked: (tenantId, { revocationName }, { facts, digest }) =>
      database.inTenant(tenantId as TenantId, (tx) =>
        findRevocationOf(tx, revocationName, {
          ...{ digest, tokenId: facts.tokenId, consumerKey: facts.consumerKey, subject: facts.subject },
          issuedAt: facts.issuedAt === null ? null : new Date(facts.issuedAt * 1000),
        }),
      ),
    fetchKeySet: (url) => fetchKeySet(outbound, url),
    introspect: introspectThrough(deps),
  });
}

function viewOf(verdict: Verdict): CallExplanation["verdict"] {
  if (!verdict.allowed) {
    const { reason, code, status, message } = verdict;
    return { allowed: false, reason, code, status, message };
  }
  const { api, keyManager, application, plan } = verdict;
  return {
    allowed: true,
    api: `${api.name} ${api.version}`,
    keyManager: keyManager.name,
    application: application?.name ?? null,
    plan: plan?.name ?? null,
  };
}

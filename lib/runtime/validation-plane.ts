/** Puts the validation plane together: where its snapshots, key sets and introspections come from. */
import { listenForConfigChanges } from "#lib/data/config-announcements.ts";
import { readConfigChanges } from "#lib/data/config-changes.ts";
import { findCredentialOwner, noteCredentialUse } from "#lib/data/gateway-credentials.ts";
import { readRevocations, readRevocationsSince, readRevocationTime } from "#lib/data/revocations.ts";
import { readConfigVersions, readTenantConfiguration } from "#lib/data/validation-snapshot.ts";
import type { Dependencies } from "#lib/features/context.ts";
import { recogniseReporter, reportRevocations } from "#lib/features/revocations/report.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { gauge } from "#lib/foundation/metrics.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { BackendJwts } from "#lib/gateway/backend-jwts.ts";
import { createBackendJwtSigner } from "#lib/gateway/backend-jwt-signer.ts";
import { createBackendKeySet } from "#lib/gateway/backend-key-set.ts";
import { readEventPage } from "#lib/features/events/event-page.ts";
import { EventStreams } from "#lib/gateway/event-streams.ts";
import { GatewayCredentials, type CredentialOwner } from "#lib/gateway/credentials.ts";
import { GrantStore, type SavedGrants } from "#lib/gateway/grant-store.ts";
import { serveGrpc, type GrpcServer } from "#lib/gateway/grpc-server.ts";
import type { GrpcTlsFiles } from "#lib/gateway/grpc-tls.ts";
import { createGatewayHandler, type GatewayHandler } from "#lib/gateway/handler.ts";
import { Reporters } from "#lib/gateway/reporters.ts";
import { createRevocationFace } from "#lib/gateway/revocation-face.ts";
import { defaultKeeperLimits, SnapshotKeeper, type SavedKept } from "#lib/gateway/snapshot-keeper.ts";
import type { SnapshotSource } from "#lib/gateway/snapshot-source.ts";
import { createValidate, refusingUnknown } from "#lib/gateway/validate.ts";
import { createValidator } from "#lib/token-validation/validator.ts";
import { backendJwtOf, backendKeyFinder } from "./backend-jwts.ts";
import { fetchKeySet } from "./trust-anchors.ts";
import { grantReader, introspectThrough, toLoadedTenant } from "./validation-sources.ts";

/** With more changes than this behind, a tenant is loaded anew. */
const maximumChanges = 1_000;
const revocationsInOnePage = 5_000;
const eventsInOnePage = 500;

/** What the plane works with; a subset of every verb's dependencies. */
export type ValidationPlaneOptions = {
  deps: Dependencies;
  /** Where announcements are listened to. */
  databaseUrl: Secret;
  /** Who else hears what is announced, over the same connection; `hearAll` where announcements may have been missed. */
  alsoTell?: { hear(tenantId: TenantId): void; hearAll(): void };
  /** For how long calls are judged by what was known when the database was last heard of; then all are refused. */
  maximumStalenessSeconds?: number;
};

export type ValidationPlane = {
  /** Answers requests below /gateway, and for the keys of backend JWTs. */
  handle: GatewayHandler;
  /** Answers Envoy over gRPC at an address, as host:port, until that server is stopped; over TLS where its files are named. */
  serveGrpc(address: string, tls?: GrpcTlsFiles): Promise<GrpcServer>;
  /** Whether it can answer for certain: it has heard of the database lately, or knows enough from before. */
  isReady(): boolean;
  /** What it knows, as plain data, made part by part. */
  save(): Iterable<SavedPart>;
  /** Knows again what was saved, as old as that is; to be called before anything is asked. */
  restore(parts: readonly SavedPart[]): void;
  /** Ends the streams of events, which would never end by themselves, and opens no more. */
  endStreams(): void;
  close(): Promise<void>;
};

/** A part of what a plane knows of the world, without anything that could not be read again. */
export type SavedPart =
  { kept: SavedKept } | { grants: SavedGrants } | { credentials: readonly (readonly [string, CredentialOwner])[] };

/** Starts the validation plane. Nothing is read before the first gateway asks, but announcements are heard. */
export function startValidationPlane({
  deps,
  databaseUrl,
  alsoTell,
  maximumStalenessSeconds,
}: ValidationPlaneOptions): ValidationPlane {
  const { database, clock, log } = deps;
  const grants = new GrantStore({ read: grantReader(deps) });
  const maximumUncheckedMs =
    maximumStalenessSeconds === undefined ? defaultKeeperLimits.maximumUncheckedMs : maximumStalenessSeconds * 1_000;
  const limits = { ...defaultKeeperLimits, maximumUncheckedMs };
  const keeper = new SnapshotKeeper({ source: snapshotSource(deps), grants, clock, log, limits });
  const credentials = new GatewayCredentials({
    source: {
      findOwner: (digest) => database.inInstallation((ctx) => findCredentialOwner(ctx, digest)),
      noteUse: (used) => database.inInstallation((ctx) => noteCredentialUse(ctx, used)),
    },
    keeper,
    clock,
    log,
  });
  const eventStreams = new EventStreams({
    read: (tenantId, after) =>
      database.inInstallation((ctx) => readEventPage(ctx, { tenantId, after, limit: eventsInOnePage })),
    versions: (tenantIds) => database.inInstallation((ctx) => readConfigVersions(ctx, tenantIds)),
    log,
  });
  const announcements = listenForConfigChanges({
    url: databaseUrl,
    log,
    onChange: (tenantId, version) => {
      keeper.hear(tenantId, version);
      eventStreams.hear(tenantId, version);
      alsoTell?.hear(tenantId);
    },
    onConnect: () => {
      void keeper.compare();
      alsoTell?.hearAll();
    },
  });
  const validator = createValidator({
    clock,
    log,
    snapshot: (tenantId) => {
      const kept = keeper.current(tenantId as TenantId);
      return kept instanceof Promise ? kept.then((tenant) => tenant?.snapshot ?? null) : (kept?.snapshot ?? null);
    },
    grant: (tenantId, keyManagerId, consumerKey) => grants.find(tenantId as TenantId, keyManagerId, consumerKey),
    isRevoked: (tenantId, { revocationName }, token) => keeper.isRevoked(tenantId as TenantId, revocationName, token),
    fetchKeySet: (url) => fetchKeySet(deps.outbound, url),
    introspect: introspectThrough(deps),
  });
  const backendJwts = new BackendJwts({
    clock,
    log,
    tenant: (tenantId) => keeper.current(tenantId),
    sign: createBackendJwtSigner(deps),
  });
  const validate = createValidate(validator, backendJwts);
  const backendKeySet = createBackendKeySet({ find: backendKeyFinder(deps), log });
  const revocations = createRevocationFace({
    reporters: new Reporters({ find: (digest) => recogniseReporter(deps, digest), clock, log }),
    report: (reporter, report) => reportRevocations(deps, reporter, report),
    log,
  });
  const age = gauge({
    name: "latchkey_snapshot_unchecked_seconds",
    help: "Time since everything was last known of a tenant; of all tenants that are kept and all workers, the longest.",
    ofWorkers: "max",
  });
  const timer = setInterval(() => age.set(keeper.secondsUnchecked()), 5_000);
  timer.unref();
  return {
    handle: createGatewayHandler({
      validate,
      inspect: async (tenantId, token) => refusingUnknown(validator.inspect(tenantId, token)),
      credentials,
      backendKeySet,
      revocations,
      eventStreams,
    }),
    serveGrpc: (address, tls) =>
      serveGrpc({ address, tls, validate, credentials, isReady: () => keeper.isCertain(), log }),
    isReady: () => keeper.isCertain(),
    *save() {
      // Grants after the tenants whose versions they go with: one that changes meanwhile is read anew for its version, while
      // an older one would stand with a newer version, and stay.
      for (const kept of keeper.save()) yield { kept };
      for (const part of grants.save()) yield { grants: part };
      yield { credentials: credentials.save() };
    },
    restore(parts) {
      keeper.restore(parts.flatMap((part) => ("kept" in part ? part.kept : [])));
      grants.restore(parts.flatMap((part) => ("grants" in part ? [part.grants] : [])));
      for (const part of parts) if ("credentials" in part) credentials.restore(part.credentials);
    },
    endStreams: () => eventStreams.close(),
    async close() {
      eventStreams.close();
      clearInterval(timer);
      keeper.close();
      await announcements.close();
      await credentials.close();
    },
  };
}

function snapshotSource(deps: Pick<Dependencies, "clock" | "database" | "vault" | "origin">): SnapshotSource {
  const { database, clock } = deps;
  return {
    async load(tenantId) {
      const rows = await database.inInstallation((ctx) => readTenantConfiguration(ctx, tenantId));
      return rows && { ...toLoadedTenant(rows), backendJwt: await backendJwtOf(deps, rows) };
    },
    changes: (tenantId, after) =>
      database.inInstallation((ctx) => readConfigChanges(ctx, { tenantId, after, limit: maximumChanges })),
    revocations: (tenantId, after) =>
      database.inInstallation((ctx) =>
        readRevocations(ctx, { tenantId, after, now: clock.now(), limit: revocationsInOnePage }),
      ),
    check: (tenantIds, revokedSince) =>
      database.inInstallation(async (ctx) => ({
        readAt: await readRevocationTime(ctx),
        versions: await readConfigVersions(ctx, tenantIds),
        revocations:
          revokedSince === null
            ? []
            : await readRevocationsSince(ctx, { tenantIds, since: revokedSince, limit: revocationsInOnePage }),
      })),
  };
}

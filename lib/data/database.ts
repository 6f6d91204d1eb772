import { PrismaPg } from "@prisma/adapter-pg";
import { z } from "zod";
import type { TenantId } from "../foundation/ids.ts";
import type { Secret } from "../foundation/secret.ts";
import { ownership } from "./classification.ts";
import { Prisma, PrismaClient } from "./generated/client.ts";
import { watchedSockets } from "./watched-socket.ts";

/**
 * The only way to the database. Nothing hands out a bare client: work happens either inside one tenant
 * (`inTenant`) or, for the few things that belong to none, for the installation (`inInstallation`).
 * Both are one transaction in which row-level security knows the scope. Its time zone is UTC, whatever the database's is:
 * the driver's adapter sends and reads moments without one.
 */
export type Database = {
  /**
   * Runs work inside one tenant, in one transaction that rolls back when the work throws. The work must do nothing
   * outside it: where the database ends the transaction to break a deadlock, it is run again.
   *
   * @throws whatever the work throws
   */
  inTenant<T>(tenantId: TenantId, work: (context: TenantContext) => Promise<T>): Promise<T>;
  /** Runs work that belongs to no single tenant: sign-in, tenants, jobs, the validator's loader. */
  inInstallation<T>(work: (context: InstallationContext) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

// Two copies of this module may share one process (see lib/runtime.ts): both must find the same key.
const transactionKey: unique symbol = Symbol.for("latchkey.transaction");

/** Work inside one tenant. Take the client from it with `tenantDb`. */
export type TenantContext = { readonly tenantId: TenantId; readonly [transactionKey]: TenantClient };
/** Work for the installation. Take the client from it with `installationDb`. */
export type InstallationContext = { readonly [transactionKey]: Prisma.TransactionClient };

type TenantClient = Prisma.TransactionClient;

/** The client of one tenant's transaction: every filter and every write carries the tenant. */
export function tenantDb(context: TenantContext): TenantClient {
  return context[transactionKey];
}

/** The client of an installation-wide transaction. Tenant-owned rows of every tenant are visible to it. */
export function installationDb(context: InstallationContext): Prisma.TransactionClient {
  return context[transactionKey];
}

export type DatabaseOptions = {
  url: Secret;
  poolSize?: number;
  /** After so long without a word from the server, whatever waits for it fails. */
  silentMs?: number;
};

/** Of a server that is well, a statement is answered within this time: it ends it by itself. */
const statementMs = 15_000;

/** Opens the pool. Connections are made on first use. */
export function openDatabase({ url, poolSize = 10, silentMs = statementMs + 2_000 }: DatabaseOptions): Database {
  const client = new PrismaClient({
    adapter: new PrismaPg({
      connectionString: url.reveal(),
      max: poolSize,
      connectionTimeoutMillis: 5_000,
      statement_timeout: statementMs,
      stream: watchedSockets(silentMs),
      idle_in_transaction_session_timeout: 20_000,
    }),
    transactionOptions: { maxWait: 5_000, timeout: 15_000 },
  });
  return {
    inTenant: (tenantId, work) =>
      untilNoDeadlock(() =>
        client.$extends(tenantScope(tenantId)).$transaction(async (tx) => {
          await tx.$executeRaw`SELECT set_config('app.tenant_id', ${tenantId}, true), set_config('TimeZone', 'UTC', true)`;
          // The extended client has the same operations; only its type parameters differ.
          return work({ tenantId, [transactionKey]: tx as unknown as TenantClient });
        }),
      ),
    inInstallation: (work) =>
      untilNoDeadlock(() =>
        client.$transaction(async (tx) => {
          await tx.$executeRaw`SELECT set_config('app.scope', 'installation', true), set_config('TimeZone', 'UTC', true)`;
          return work({ [transactionKey]: tx });
        }),
      ),
    close: () => client.$disconnect(),
  };
}

const mostAttempts = 4;

/**
 * Of two transactions that wait for each other the database ends one, which may simply begin anew: the other one has
 * what it waited for (PostgreSQL's documentation, "Deadlocks").
 */
async function untilNoDeadlock<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === mostAttempts || !isDeadlock(error)) throw error;
    }
  }
}

type Arguments = { where?: object; data?: object | object[]; create?: object };

/** Adds the tenant to every filter and every write, and refuses models that no tenant owns. */
function tenantScope(tenantId: TenantId) {
  return Prisma.defineExtension({
    name: "tenant-scope",
    query: {
      $allModels: {
        $allOperations({ model, operation, args, query }) {
          if (ownership[model] !== "tenant") {
            throw new Error(`${model} belongs to the installation: use inInstallation, not inTenant.`);
          }
          return query(scopeArguments(operation, args, tenantId));
        },
      },
    },
  });
}

function scopeArguments(operation: string, args: Arguments, tenantId: TenantId): Arguments {
  const scoped = { ...args };
  if (operation === "create" || operation === "createMany" || operation === "createManyAndReturn") {
    const own = (row: object) => ({ ...row, tenantId });
    scoped.data = Array.isArray(args.data) ? args.data.map(own) : own(args.data ?? {});
    return scoped;
  }
  scoped.where = { ...args.where, tenantId };
  if (operation === "upsert") scoped.create = { ...args.create, tenantId };
  return scoped;
}

/** True where the database refused a write because the row exists already (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown): boolean {
  return hasPrismaCode(error, "P2002");
}

/** True where the database refused a delete because other rows refer to this one (SQLSTATE 23503). */
export function isForeignKeyViolation(error: unknown): boolean {
  return hasPrismaCode(error, "P2003");
}

/**
 * True where the database ended a transaction so that another one could go on (SQLSTATE 40P01, or 40001). Prisma says so
 * with a code of its own, for statements in SQL with what the adapter said inside, and at COMMIT with that alone.
 */
function isDeadlock(error: unknown): boolean {
  return hasPrismaCode(error, "P2034") || DeadlockInSql.safeParse(error).success || Deadlock.safeParse(error).success;
}

const Deadlock = z.object({ cause: z.object({ kind: z.literal("TransactionWriteConflict") }) });
const DeadlockInSql = z.object({ code: z.literal("P2010"), meta: z.object({ driverAdapterError: Deadlock }) });

function hasPrismaCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}

-- CreateEnum
CREATE TYPE "ScopeMirrorState" AS ENUM ('WAITING', 'MIRRORED', 'FOUND', 'FAILED');

-- AlterTable
ALTER TABLE "global_key_manager" ADD COLUMN     "application_scopes" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "key_manager" ADD COLUMN     "application_scopes" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "key_mapping" ADD COLUMN     "scope_grant" JSONB;

-- CreateTable
CREATE TABLE "scope_mirror" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "key_manager_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "state" "ScopeMirrorState" NOT NULL DEFAULT 'WAITING',
    "made_here" BOOLEAN NOT NULL DEFAULT false,
    "unwanted" BOOLEAN NOT NULL DEFAULT false,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,
    "next_try_at" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "attempt_id" UUID,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "scope_mirror_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "scope_mirror_next_try_at_idx" ON "scope_mirror"("next_try_at");

-- CreateIndex
CREATE UNIQUE INDEX "scope_mirror_tenant_id_id_key" ON "scope_mirror"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "scope_mirror_tenant_id_key_manager_id_name_key" ON "scope_mirror"("tenant_id", "key_manager_id", "name");

-- AddForeignKey
ALTER TABLE "scope_mirror" ADD CONSTRAINT "scope_mirror_tenant_id_key_manager_id_fkey" FOREIGN KEY ("tenant_id", "key_manager_id") REFERENCES "key_manager"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "scope_mirror" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "scope_mirror" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "scope_mirror" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

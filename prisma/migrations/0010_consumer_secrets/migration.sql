-- AlterTable
ALTER TABLE "key_mapping" ADD COLUMN     "consumer_secrets" JSONB;

-- CreateIndex
CREATE INDEX "application_tenant_id_name_id_idx" ON "application"("tenant_id", "name", "id");

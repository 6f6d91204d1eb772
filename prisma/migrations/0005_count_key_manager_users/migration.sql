-- CreateIndex
CREATE INDEX "key_mapping_tenant_id_key_manager_id_application_id_idx" ON "key_mapping"("tenant_id", "key_manager_id", "application_id");

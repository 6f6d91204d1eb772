-- Authorization servers report what they revoke. Each has a credential for that alone: it opens nothing that a gateway's
-- opens, and ends with its key manager.

ALTER TABLE "gateway_credential" ADD COLUMN "reports_key_manager_id" UUID;
CREATE INDEX "gateway_credential_tenant_id_reports_key_manager_id_idx"
  ON "gateway_credential"("tenant_id", "reports_key_manager_id");
ALTER TABLE "gateway_credential" ADD CONSTRAINT "gateway_credential_tenant_id_reports_key_manager_id_fkey"
  FOREIGN KEY ("tenant_id", "reports_key_manager_id") REFERENCES "key_manager"("tenant_id", "id")
  ON DELETE CASCADE ON UPDATE CASCADE;

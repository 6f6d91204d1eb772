-- People and authorization servers revoke tokens, administrators look through what is revoked, and whoever follows the
-- changes of a tenant hears of it: so a revocation has an id, tells who asked for it, and leaves a row in the record of
-- changes. What expires by itself is no change.

ALTER TABLE "revocation"
  ADD COLUMN "id" UUID NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN "revoked_by" TEXT;
CREATE UNIQUE INDEX "revocation_tenant_id_id_key" ON "revocation"("tenant_id", "id");
CREATE INDEX "revocation_tenant_id_revoked_at_id_idx" ON "revocation"("tenant_id", "revoked_at", "id");

CREATE TRIGGER config_inserted AFTER INSERT ON "revocation" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "revocation" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE ON "revocation"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();

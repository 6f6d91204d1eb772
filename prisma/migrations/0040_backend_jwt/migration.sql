-- With each allowed call a backend may get a JWT that says who calls. Its keys sign nothing else and are published in a
-- key set of their own: what the authorization server signs can then never be taken for it, nor the other way round.

CREATE TYPE "SigningKeyPurpose" AS ENUM ('AUTHORIZATION_SERVER', 'BACKEND_JWT');
ALTER TABLE "signing_key" ADD COLUMN "purpose" "SigningKeyPurpose" NOT NULL DEFAULT 'AUTHORIZATION_SERVER';

CREATE TYPE "BackendJwtAlgorithm" AS ENUM ('ES256', 'RS256');
CREATE TYPE "BackendJwtDialect" AS ENUM ('LATCHKEY', 'WSO2');

CREATE TABLE "backend_jwt" (
    "tenant_id" UUID NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "algorithm" "BackendJwtAlgorithm" NOT NULL,
    "header" TEXT NOT NULL,
    "ttl_seconds" INTEGER NOT NULL,
    "dialect" "BackendJwtDialect" NOT NULL,
    "omitted_claims" TEXT[],
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "backend_jwt_pkey" PRIMARY KEY ("tenant_id")
);
ALTER TABLE "backend_jwt" ADD CONSTRAINT "backend_jwt_tenant_id_fkey"
  FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "backend_jwt" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "backend_jwt" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "backend_jwt" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

CREATE TRIGGER config_inserted AFTER INSERT ON "backend_jwt" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "backend_jwt" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "backend_jwt" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

-- Gateways sign with these keys, so they must hear of new and of retired ones. What is changed tells nothing of a key.
CREATE FUNCTION latchkey_backend_jwt_keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_note_change(changed.tenant_id, TG_TABLE_NAME::text, TG_OP, jsonb_build_object('id', changed.id))
    FROM changed_rows AS changed WHERE changed.purpose = 'BACKEND_JWT';
  RETURN NULL;
END
$$;
CREATE TRIGGER config_inserted AFTER INSERT ON "signing_key" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_backend_jwt_keys_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "signing_key" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_backend_jwt_keys_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "signing_key" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_backend_jwt_keys_changed();

CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "backend_jwt"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "signing_key"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();

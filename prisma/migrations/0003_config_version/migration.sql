-- Each change that a gateway must see raises its tenant's config_version in the same transaction and
-- announces it. Listeners are quick; those that miss the announcement compare the version instead.
-- One statement raises it once, however many rows it touches.

CREATE FUNCTION latchkey_announce_config(changed_tenant uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  raised bigint;
BEGIN
  UPDATE "tenant" SET config_version = config_version + 1 WHERE id = changed_tenant RETURNING config_version INTO raised;
  IF FOUND THEN
    PERFORM pg_notify('latchkey_config', changed_tenant::text || ':' || raised::text);
  END IF;
END
$$;

CREATE FUNCTION latchkey_config_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_announce_config(changed.tenant_id)
    FROM (SELECT DISTINCT tenant_id FROM changed_rows ORDER BY tenant_id) AS changed;
  RETURN NULL;
END
$$;

-- A tenant that is suspended or active again is a change like any other.
CREATE FUNCTION latchkey_tenant_status_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.config_version := OLD.config_version + 1;
  PERFORM pg_notify('latchkey_config', NEW.id::text || ':' || NEW.config_version::text);
  RETURN NEW;
END
$$;

CREATE TRIGGER tenant_status_changed BEFORE UPDATE OF status ON "tenant"
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION latchkey_tenant_status_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "key_manager" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "key_manager" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "key_manager" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "key_mapping" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "key_mapping" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "key_mapping" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "application" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "application" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "application" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "api" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "api" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "api" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "api_resource" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "api_resource" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "api_resource" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "api_key_manager" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "api_key_manager" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "api_key_manager" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "subscription" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "subscription" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "subscription" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "plan" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "plan" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "plan" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "gateway_credential" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
-- Noting when a credential was last used is no change of configuration; revoking one is.
CREATE FUNCTION latchkey_gateway_credential_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_announce_config(NEW.tenant_id);
  RETURN NULL;
END
$$;
CREATE TRIGGER config_updated AFTER UPDATE ON "gateway_credential"
  FOR EACH ROW WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at)
  EXECUTE FUNCTION latchkey_gateway_credential_revoked();
CREATE TRIGGER config_deleted AFTER DELETE ON "gateway_credential" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();


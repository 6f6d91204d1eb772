-- Raising a config_version locks the tenant's row until the transaction ends. A transaction may concern several tenants,
-- one statement after the other, so two of them could wait for each other: deleting applications that are subscribed to
-- APIs of each other's tenants. From now on statements only note which tenants they concern. Their versions are raised
-- at the very end of the transaction, once each and in the order of the ids, when it waits for nothing else any more.

CREATE OR REPLACE FUNCTION latchkey_announce_config(changed_tenant uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  noted text := coalesce(current_setting('app.changed_tenants', true), '');
BEGIN
  IF position(changed_tenant::text IN noted) = 0 THEN
    PERFORM set_config('app.changed_tenants', concat_ws(' ', NULLIF(noted, ''), changed_tenant::text), true);
  END IF;
END
$$;

CREATE FUNCTION latchkey_raise_config() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed_tenant uuid;
  raised bigint;
BEGIN
  FOR changed_tenant IN
    SELECT noted::uuid FROM string_to_table(NULLIF(current_setting('app.changed_tenants', true), ''), ' ') AS noted ORDER BY 1
  LOOP
    UPDATE "tenant" SET config_version = config_version + 1 WHERE id = changed_tenant RETURNING config_version INTO raised;
    IF FOUND THEN
      PERFORM pg_notify('latchkey_config', changed_tenant::text || ':' || raised::text);
    END IF;
  END LOOP;
  -- One for each changed row, and the first does it all.
  PERFORM set_config('app.changed_tenants', '', true);
  RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "key_manager"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "key_mapping"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "application"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "api"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "api_resource"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "api_key_manager"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "api_subscriber_tenant"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "subscription"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "cross_tenant_subscription"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "plan"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
CREATE CONSTRAINT TRIGGER config_raised AFTER INSERT OR UPDATE OR DELETE ON "gateway_credential"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();
-- A tenant that is suspended raises its own version in its own row, and those of others here.
CREATE CONSTRAINT TRIGGER config_raised AFTER UPDATE OF status ON "tenant"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION latchkey_raise_config();

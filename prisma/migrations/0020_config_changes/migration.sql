-- What changed, beside the fact that something did: each change that a gateway must see leaves a row that names what it
-- concerns. Validators then forget that much and no more, whatever the size of the tenant, and others can follow the
-- changes from any point. The rows get their version when the transaction ends; until then nobody else sees them.

CREATE TABLE "config_change" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" UUID NOT NULL,
    "version" BIGINT,
    "subject" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "subject_id" UUID,
    "application_id" UUID,
    "consumer_key" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "config_change_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "config_change_tenant_id_version_id_idx" ON "config_change"("tenant_id", "version", "id");
CREATE INDEX "config_change_occurred_at_idx" ON "config_change"("occurred_at");
ALTER TABLE "config_change" ADD CONSTRAINT "config_change_tenant_id_fkey"
  FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "config_change" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "config_change" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "config_change" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

-- Validators ask for the key mappings of one consumer key, whichever tenant they stand in.
CREATE INDEX "key_mapping_consumer_key_idx" ON "key_mapping"("consumer_key");

-- One change often concerns another tenant than the session's: what is written here needs the installation's scope.
CREATE FUNCTION latchkey_note_change(
  changed_tenant uuid, changed_subject text, changed_operation text, changed_row jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  scope text := coalesce(current_setting('app.scope', true), '');
BEGIN
  PERFORM set_config('app.scope', 'installation', true);
  INSERT INTO "config_change" (tenant_id, subject, operation, subject_id, application_id, consumer_key)
  VALUES (
    changed_tenant,
    changed_subject,
    lower(changed_operation),
    (changed_row ->> 'id')::uuid,
    CASE WHEN changed_subject = 'application' THEN changed_row ->> 'id' ELSE changed_row ->> 'application_id' END::uuid,
    changed_row ->> 'consumer_key'
  );
  PERFORM set_config('app.scope', scope, true);
  PERFORM latchkey_announce_config(changed_tenant);
END
$$;

CREATE OR REPLACE FUNCTION latchkey_config_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_note_change(changed_rows.tenant_id, TG_TABLE_NAME::text, TG_OP, to_jsonb(changed_rows)) FROM changed_rows;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION latchkey_gateway_credential_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_note_change(NEW.tenant_id, TG_TABLE_NAME::text, TG_OP, to_jsonb(NEW));
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION latchkey_cross_tenant_keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_note_change(concerned.tenant_id, 'key_mapping', TG_OP, concerned.changed)
    FROM (SELECT DISTINCT subscribed.tenant_id, to_jsonb(changed) AS changed
            FROM changed_rows AS changed
            JOIN cross_tenant_subscription AS subscribed
              ON subscribed.subscriber_tenant_id = changed.tenant_id AND subscribed.application_id = changed.application_id
         ) AS concerned;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION latchkey_cross_tenant_application_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_note_change(concerned.tenant_id, 'application', TG_OP, concerned.changed)
    FROM (SELECT DISTINCT subscribed.tenant_id, to_jsonb(changed) AS changed
            FROM changed_rows AS changed
            JOIN cross_tenant_subscription AS subscribed
              ON subscribed.subscriber_tenant_id = changed.tenant_id AND subscribed.application_id = changed.id
         ) AS concerned;
  RETURN NULL;
END
$$;

-- A tenant that is suspended, or active again, is a change of its own, and one for the tenants whose APIs it calls.
CREATE OR REPLACE FUNCTION latchkey_subscriber_tenant_status_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_note_change(NEW.id, 'tenant', TG_OP, to_jsonb(NEW));
  PERFORM latchkey_note_change(concerned.tenant_id, 'tenant', TG_OP, to_jsonb(NEW))
    FROM (SELECT DISTINCT tenant_id FROM cross_tenant_subscription WHERE subscriber_tenant_id = NEW.id) AS concerned;
  RETURN NULL;
END
$$;
DROP TRIGGER tenant_status_changed ON "tenant";
DROP FUNCTION latchkey_tenant_status_changed();

CREATE OR REPLACE FUNCTION latchkey_raise_config() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  scope text := coalesce(current_setting('app.scope', true), '');
  changed_tenant uuid;
  raised bigint;
BEGIN
  PERFORM set_config('app.scope', 'installation', true);
  FOR changed_tenant IN
    SELECT noted::uuid FROM string_to_table(NULLIF(current_setting('app.changed_tenants', true), ''), ' ') AS noted ORDER BY 1
  LOOP
    UPDATE "tenant" SET config_version = config_version + 1 WHERE id = changed_tenant RETURNING config_version INTO raised;
    IF FOUND THEN
      -- Those of other transactions that have no version yet are not visible here.
      UPDATE "config_change" SET version = raised WHERE tenant_id = changed_tenant AND version IS NULL;
      PERFORM pg_notify('latchkey_config', changed_tenant::text || ':' || raised::text);
    END IF;
  END LOOP;
  PERFORM set_config('app.scope', scope, true);
  -- One for each changed row, and the first does it all.
  PERFORM set_config('app.changed_tenants', '', true);
  RETURN NULL;
END
$$;

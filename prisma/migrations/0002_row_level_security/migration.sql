-- Every tenant-owned table shows a session only the rows of the tenant named in its transaction
-- (set_config('app.tenant_id', …, true)). Work that belongs to no single tenant, such as jobs or
-- resolving a sign-in, says so by app.scope = 'installation'. Neither setting outlives the transaction.
-- FORCE makes the policy bind the table's owner too; superusers escape it, and the start refuses them.

CREATE FUNCTION latchkey_may_touch(row_tenant uuid) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN row_tenant = NULLIF(current_setting('app.tenant_id', true), '')::uuid
      OR current_setting('app.scope', true) = 'installation';

ALTER TABLE "claimed_client" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "claimed_client" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "claimed_client" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "membership" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "membership" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "membership" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "invitation" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "invitation" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "invitation" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "identity_provider" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "identity_provider" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "identity_provider" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "federated_identity" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "federated_identity" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "federated_identity" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "audit_event" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "audit_event" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "audit_event" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "key_manager" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "key_manager" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "key_manager" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "application" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "application" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "application" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "key_mapping" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "key_mapping" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "key_mapping" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "api" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "api" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "api" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "api_resource" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "api_resource" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "api_resource" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "api_scope" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "api_scope" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "api_scope" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "api_key_manager" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "api_key_manager" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "api_key_manager" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "plan" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "plan" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "plan" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "api_plan" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "api_plan" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "api_plan" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "subscription" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "subscription" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "subscription" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "gateway_credential" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "gateway_credential" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "gateway_credential" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "signing_key" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "signing_key" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "signing_key" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "authorization_state" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "authorization_state" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "authorization_state" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

ALTER TABLE "revoked_token" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "revoked_token" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "revoked_token" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

-- History is written once: nobody changes or removes an audit row, the application's own role included.
CREATE FUNCTION latchkey_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_event"
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_refuse_change();

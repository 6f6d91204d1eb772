-- CreateEnum
CREATE TYPE "Serving" AS ENUM ('ALL', 'LISTED');

-- CreateEnum
CREATE TYPE "SubscriptionAvailability" AS ENUM ('OWN_TENANT', 'ALL_TENANTS', 'LISTED');

-- AlterTable
ALTER TABLE "api" ADD COLUMN     "subscription_availability" "SubscriptionAvailability" NOT NULL DEFAULT 'OWN_TENANT';

-- AlterTable
ALTER TABLE "key_manager" ADD COLUMN     "global_key_manager_id" UUID;

-- CreateTable
CREATE TABLE "global_key_manager" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "connector_id" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "serves" "Serving" NOT NULL,
    "token_type" "TokenType" NOT NULL DEFAULT 'DIRECT',
    "exchange_audience" TEXT,
    "claim_mappings" JSONB NOT NULL DEFAULT '[]',
    "well_known_url" TEXT,
    "issuer" TEXT NOT NULL,
    "endpoints" JSONB NOT NULL,
    "grant_types" TEXT[],
    "consumer_key_claim" TEXT,
    "scopes_claim" TEXT,
    "signing_keys" JSONB NOT NULL,
    "validation_method" "ValidationMethod" NOT NULL DEFAULT 'SELF',
    "token_generation" BOOLEAN NOT NULL DEFAULT true,
    "client_creation" BOOLEAN NOT NULL DEFAULT true,
    "client_mapping" BOOLEAN NOT NULL DEFAULT true,
    "mapped_client_check" BOOLEAN NOT NULL DEFAULT true,
    "connection" JSONB NOT NULL,
    "sealed_secrets" JSONB NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "global_key_manager_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_subscriber_tenant" (
    "tenant_id" UUID NOT NULL,
    "api_id" UUID NOT NULL,
    "subscriber_tenant_id" UUID NOT NULL,

    CONSTRAINT "api_subscriber_tenant_pkey" PRIMARY KEY ("tenant_id","api_id","subscriber_tenant_id")
);

-- CreateTable
CREATE TABLE "cross_tenant_subscription" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "api_id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "subscriber_tenant_id" UUID NOT NULL,
    "application_id" UUID NOT NULL,
    "state" "SubscriptionState" NOT NULL DEFAULT 'ACTIVE',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cross_tenant_subscription_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "global_key_manager_name_key" ON "global_key_manager"("name");

-- CreateIndex
CREATE INDEX "global_key_manager_issuer_idx" ON "global_key_manager"("issuer");

-- CreateIndex
CREATE INDEX "api_subscriber_tenant_subscriber_tenant_id_idx" ON "api_subscriber_tenant"("subscriber_tenant_id");

-- CreateIndex
CREATE INDEX "cross_tenant_subscription_tenant_id_api_id_created_at_id_idx" ON "cross_tenant_subscription"("tenant_id", "api_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "cross_tenant_subscription_tenant_id_id_key" ON "cross_tenant_subscription"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "cross_tenant_subscription_subscriber_tenant_id_application__key" ON "cross_tenant_subscription"("subscriber_tenant_id", "application_id", "api_id");

-- CreateIndex
CREATE INDEX "api_subscription_availability_status_created_at_id_idx" ON "api"("subscription_availability", "status", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "key_manager_global_key_manager_id_tenant_id_key" ON "key_manager"("global_key_manager_id", "tenant_id");

-- AddForeignKey
ALTER TABLE "key_manager" ADD CONSTRAINT "key_manager_global_key_manager_id_fkey" FOREIGN KEY ("global_key_manager_id") REFERENCES "global_key_manager"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_subscriber_tenant" ADD CONSTRAINT "api_subscriber_tenant_tenant_id_api_id_fkey" FOREIGN KEY ("tenant_id", "api_id") REFERENCES "api"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_subscriber_tenant" ADD CONSTRAINT "api_subscriber_tenant_subscriber_tenant_id_fkey" FOREIGN KEY ("subscriber_tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cross_tenant_subscription" ADD CONSTRAINT "cross_tenant_subscription_tenant_id_api_id_fkey" FOREIGN KEY ("tenant_id", "api_id") REFERENCES "api"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cross_tenant_subscription" ADD CONSTRAINT "cross_tenant_subscription_tenant_id_plan_id_fkey" FOREIGN KEY ("tenant_id", "plan_id") REFERENCES "plan"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cross_tenant_subscription" ADD CONSTRAINT "cross_tenant_subscription_subscriber_tenant_id_fkey" FOREIGN KEY ("subscriber_tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cross_tenant_subscription" ADD CONSTRAINT "cross_tenant_subscription_subscriber_tenant_id_application_fkey" FOREIGN KEY ("subscriber_tenant_id", "application_id") REFERENCES "application"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A tenant's row that stands for a global key manager holds no way to sign in there: that is the installation's.
ALTER TABLE "key_manager" ADD CONSTRAINT "key_manager_copy_without_connection"
  CHECK (global_key_manager_id IS NULL OR (connection = '{}'::jsonb AND sealed_secrets = '{}'::jsonb));

ALTER TABLE "api_subscriber_tenant" ADD CONSTRAINT "api_subscriber_tenant_is_another"
  CHECK (tenant_id <> subscriber_tenant_id);
ALTER TABLE "cross_tenant_subscription" ADD CONSTRAINT "cross_tenant_subscription_between_two"
  CHECK (tenant_id <> subscriber_tenant_id);

ALTER TABLE "api_subscriber_tenant" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "api_subscriber_tenant" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "api_subscriber_tenant" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

-- Both tenants see what stands between them; neither writes it alone, because what it says concerns both.
ALTER TABLE "cross_tenant_subscription" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "cross_tenant_subscription" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "cross_tenant_subscription"
  USING (latchkey_may_touch(tenant_id) OR latchkey_may_touch(subscriber_tenant_id))
  WITH CHECK (current_setting('app.scope', true) = 'installation');

-- What gateways of the API's tenant must see of another tenant's application: its subscription, its keys, its name,
-- and whether its tenant is suspended.
CREATE TRIGGER config_inserted AFTER INSERT ON "cross_tenant_subscription" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "cross_tenant_subscription" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "cross_tenant_subscription" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE TRIGGER config_inserted AFTER INSERT ON "api_subscriber_tenant" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_updated AFTER UPDATE ON "api_subscriber_tenant" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();
CREATE TRIGGER config_deleted AFTER DELETE ON "api_subscriber_tenant" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_config_changed();

CREATE FUNCTION latchkey_cross_tenant_keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_announce_config(concerned.tenant_id)
    FROM (SELECT DISTINCT subscribed.tenant_id
            FROM changed_rows AS changed
            JOIN cross_tenant_subscription AS subscribed
              ON subscribed.subscriber_tenant_id = changed.tenant_id AND subscribed.application_id = changed.application_id
           ORDER BY subscribed.tenant_id) AS concerned;
  RETURN NULL;
END
$$;

CREATE TRIGGER cross_tenant_inserted AFTER INSERT ON "key_mapping" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_cross_tenant_keys_changed();
CREATE TRIGGER cross_tenant_updated AFTER UPDATE ON "key_mapping" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_cross_tenant_keys_changed();
CREATE TRIGGER cross_tenant_deleted AFTER DELETE ON "key_mapping" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_cross_tenant_keys_changed();

CREATE FUNCTION latchkey_cross_tenant_application_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_announce_config(concerned.tenant_id)
    FROM (SELECT DISTINCT subscribed.tenant_id
            FROM changed_rows AS changed
            JOIN cross_tenant_subscription AS subscribed
              ON subscribed.subscriber_tenant_id = changed.tenant_id AND subscribed.application_id = changed.id
           ORDER BY subscribed.tenant_id) AS concerned;
  RETURN NULL;
END
$$;

CREATE TRIGGER cross_tenant_updated AFTER UPDATE ON "application" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_cross_tenant_application_renamed();

CREATE FUNCTION latchkey_subscriber_tenant_status_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM latchkey_announce_config(concerned.tenant_id)
    FROM (SELECT DISTINCT tenant_id FROM cross_tenant_subscription
           WHERE subscriber_tenant_id = NEW.id ORDER BY tenant_id) AS concerned;
  RETURN NULL;
END
$$;

CREATE TRIGGER subscriber_status_changed AFTER UPDATE OF status ON "tenant"
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION latchkey_subscriber_tenant_status_changed();

-- The scopes of other tenants' APIs that one of the session's own applications is subscribed to. Those APIs are
-- hidden from the session, so the function looks with the installation's scope; what it gives is this and no more.
CREATE FUNCTION latchkey_subscribed_foreign_scopes(subscribed_application uuid)
  RETURNS TABLE (scope_name text, scope_description text, api_name text, api_version text) LANGUAGE plpgsql AS $$
DECLARE
  scope_before text := coalesce(current_setting('app.scope', true), '');
BEGIN
  PERFORM set_config('app.scope', 'installation', true);
  RETURN QUERY
    SELECT api_scope.name, api_scope.description, api.name, api.version
      FROM cross_tenant_subscription AS subscribed
      JOIN api ON api.tenant_id = subscribed.tenant_id AND api.id = subscribed.api_id
      JOIN api_scope ON api_scope.tenant_id = api.tenant_id AND api_scope.api_id = api.id
     WHERE subscribed.subscriber_tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid
       AND subscribed.application_id = subscribed_application
     ORDER BY api_scope.name, api_scope.id
     LIMIT 1000;
  PERFORM set_config('app.scope', scope_before, true);
END
$$;

-- CreateEnum
CREATE TYPE "TenantStatus" AS ENUM ('ACTIVE', 'SUSPENDED');

-- CreateEnum
CREATE TYPE "PersonStatus" AS ENUM ('ACTIVE', 'DISABLED');

-- CreateEnum
CREATE TYPE "OneTimeLinkPurpose" AS ENUM ('FIRST_SIGN_IN', 'PASSWORD_RESET');

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('ADMINISTRATOR', 'CREATOR', 'DEVELOPER');

-- CreateEnum
CREATE TYPE "MembershipStatus" AS ENUM ('ACTIVE', 'DISABLED');

-- CreateEnum
CREATE TYPE "TokenType" AS ENUM ('DIRECT', 'EXCHANGED', 'BOTH');

-- CreateEnum
CREATE TYPE "ValidationMethod" AS ENUM ('SELF', 'INTROSPECT');

-- CreateEnum
CREATE TYPE "KeyType" AS ENUM ('PRODUCTION', 'SANDBOX');

-- CreateEnum
CREATE TYPE "KeyMappingMode" AS ENUM ('PROVISIONED', 'MAPPED');

-- CreateEnum
CREATE TYPE "KeyMappingState" AS ENUM ('PENDING', 'ACTIVE', 'FAILED', 'DELETING', 'NEEDS_ATTENTION');

-- CreateEnum
CREATE TYPE "ApiStatus" AS ENUM ('CREATED', 'PUBLISHED', 'RETIRED');

-- CreateEnum
CREATE TYPE "SubscriptionState" AS ENUM ('ACTIVE', 'BLOCKED', 'PRODUCTION_BLOCKED', 'ON_HOLD', 'REJECTED');

-- CreateTable
CREATE TABLE "tenant" (
    "id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" "TenantStatus" NOT NULL DEFAULT 'ACTIVE',
    "config_version" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "person" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT,
    "status" "PersonStatus" NOT NULL DEFAULT 'ACTIVE',
    "is_operator" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "person_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "active_tenant_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "one_time_link" (
    "id" UUID NOT NULL,
    "purpose" "OneTimeLinkPurpose" NOT NULL,
    "person_id" UUID NOT NULL,
    "token_hash" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "one_time_link_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limiter_flexible" (
    "key" TEXT NOT NULL,
    "points" INTEGER NOT NULL,
    "expire" TIMESTAMPTZ(3),

    CONSTRAINT "rate_limiter_flexible_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "claimed_client" (
    "authorization_server" TEXT NOT NULL,
    "consumer_key" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,
    "key_mapping_id" UUID NOT NULL,

    CONSTRAINT "claimed_client_pkey" PRIMARY KEY ("authorization_server","consumer_key")
);

-- CreateTable
CREATE TABLE "membership" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "roles" "Role"[],
    "status" "MembershipStatus" NOT NULL DEFAULT 'ACTIVE',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "membership_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invitation" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "roles" "Role"[],
    "token_hash" TEXT NOT NULL,
    "invited_by_id" UUID,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "identity_provider" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "sealed_client_secret" TEXT NOT NULL,
    "endpoints" JSONB NOT NULL,
    "initial_roles" "Role"[],
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identity_provider_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "federated_identity" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "identity_provider_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "federated_identity_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_event" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" UUID,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "subject_name" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_manager" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "connector_id" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "token_type" "TokenType" NOT NULL DEFAULT 'DIRECT',
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

    CONSTRAINT "key_manager_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "application" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "owner_id" UUID NOT NULL,
    "owner_name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "application_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_mapping" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "application_id" UUID NOT NULL,
    "key_manager_id" UUID NOT NULL,
    "key_type" "KeyType" NOT NULL,
    "mode" "KeyMappingMode" NOT NULL,
    "state" "KeyMappingState" NOT NULL,
    "consumer_key" TEXT,
    "sealed_consumer_secret" TEXT,
    "registration_client_uri" TEXT,
    "sealed_registration_token" TEXT,
    "vendor_id" TEXT,
    "requested" JSONB NOT NULL,
    "registered" JSONB,
    "intent" JSONB,
    "failure" JSONB,
    "created_by_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "key_mapping_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "context" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "status" "ApiStatus" NOT NULL DEFAULT 'CREATED',
    "accept_all_key_managers" BOOLEAN NOT NULL DEFAULT true,
    "subscription_validation" BOOLEAN NOT NULL DEFAULT true,
    "audiences" TEXT[],
    "created_by_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_resource" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "api_id" UUID NOT NULL,
    "verb" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "scopes" TEXT[],
    "position" INTEGER NOT NULL,

    CONSTRAINT "api_resource_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_scope" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "api_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "api_scope_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key_manager" (
    "tenant_id" UUID NOT NULL,
    "api_id" UUID NOT NULL,
    "key_manager_id" UUID NOT NULL,

    CONSTRAINT "api_key_manager_pkey" PRIMARY KEY ("tenant_id","api_id","key_manager_id")
);

-- CreateTable
CREATE TABLE "plan" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "requests_per_minute" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plan_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_plan" (
    "tenant_id" UUID NOT NULL,
    "api_id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,

    CONSTRAINT "api_plan_pkey" PRIMARY KEY ("tenant_id","api_id","plan_id")
);

-- CreateTable
CREATE TABLE "subscription" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "application_id" UUID NOT NULL,
    "api_id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "state" "SubscriptionState" NOT NULL DEFAULT 'ACTIVE',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "subscription_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gateway_credential" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "created_by_id" UUID NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gateway_credential_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "signing_key" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "key_id" TEXT NOT NULL,
    "algorithm" TEXT NOT NULL,
    "public_jwk" JSONB NOT NULL,
    "sealed_private_jwk" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "signing_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "authorization_state" (
    "tenant_id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "grant_id" TEXT,
    "client_id" TEXT,
    "account_id" TEXT,
    "uid" TEXT,
    "user_code" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "consumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "authorization_state_pkey" PRIMARY KEY ("tenant_id","model","id")
);

-- CreateTable
CREATE TABLE "revoked_token" (
    "tenant_id" UUID NOT NULL,
    "token_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "revoked_token_pkey" PRIMARY KEY ("tenant_id","token_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "tenant_slug_key" ON "tenant"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "person_email_key" ON "person"("email");

-- CreateIndex
CREATE INDEX "session_person_id_idx" ON "session"("person_id");

-- CreateIndex
CREATE INDEX "session_expires_at_idx" ON "session"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "one_time_link_token_hash_key" ON "one_time_link"("token_hash");

-- CreateIndex
CREATE INDEX "one_time_link_person_id_idx" ON "one_time_link"("person_id");

-- CreateIndex
CREATE UNIQUE INDEX "claimed_client_tenant_id_key_mapping_id_key" ON "claimed_client"("tenant_id", "key_mapping_id");

-- CreateIndex
CREATE INDEX "membership_person_id_idx" ON "membership"("person_id");

-- CreateIndex
CREATE UNIQUE INDEX "membership_tenant_id_id_key" ON "membership"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "membership_tenant_id_person_id_key" ON "membership"("tenant_id", "person_id");

-- CreateIndex
CREATE UNIQUE INDEX "invitation_token_hash_key" ON "invitation"("token_hash");

-- CreateIndex
CREATE INDEX "invitation_tenant_id_created_at_id_idx" ON "invitation"("tenant_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "invitation_tenant_id_id_key" ON "invitation"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "identity_provider_tenant_id_id_key" ON "identity_provider"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "identity_provider_tenant_id_name_key" ON "identity_provider"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "federated_identity_person_id_idx" ON "federated_identity"("person_id");

-- CreateIndex
CREATE UNIQUE INDEX "federated_identity_tenant_id_id_key" ON "federated_identity"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "federated_identity_tenant_id_identity_provider_id_subject_key" ON "federated_identity"("tenant_id", "identity_provider_id", "subject");

-- CreateIndex
CREATE INDEX "audit_event_tenant_id_at_id_idx" ON "audit_event"("tenant_id", "at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "audit_event_tenant_id_subject_id_at_idx" ON "audit_event"("tenant_id", "subject_id", "at" DESC);

-- CreateIndex
CREATE INDEX "audit_event_tenant_id_action_at_idx" ON "audit_event"("tenant_id", "action", "at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "audit_event_tenant_id_id_key" ON "audit_event"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "key_manager_tenant_id_issuer_idx" ON "key_manager"("tenant_id", "issuer");

-- CreateIndex
CREATE UNIQUE INDEX "key_manager_tenant_id_id_key" ON "key_manager"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "key_manager_tenant_id_name_key" ON "key_manager"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "application_tenant_id_owner_id_created_at_id_idx" ON "application"("tenant_id", "owner_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "application_tenant_id_created_at_id_idx" ON "application"("tenant_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "application_tenant_id_id_key" ON "application"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "application_tenant_id_owner_id_name_key" ON "application"("tenant_id", "owner_id", "name");

-- CreateIndex
CREATE INDEX "key_mapping_tenant_id_key_manager_id_consumer_key_idx" ON "key_mapping"("tenant_id", "key_manager_id", "consumer_key");

-- CreateIndex
CREATE INDEX "key_mapping_state_updated_at_idx" ON "key_mapping"("state", "updated_at");

-- CreateIndex
CREATE UNIQUE INDEX "key_mapping_tenant_id_id_key" ON "key_mapping"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "key_mapping_tenant_id_application_id_key_manager_id_key_typ_key" ON "key_mapping"("tenant_id", "application_id", "key_manager_id", "key_type");

-- CreateIndex
CREATE INDEX "api_tenant_id_created_at_id_idx" ON "api"("tenant_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "api_tenant_id_status_created_at_id_idx" ON "api"("tenant_id", "status", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "api_tenant_id_id_key" ON "api"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "api_tenant_id_name_version_key" ON "api"("tenant_id", "name", "version");

-- CreateIndex
CREATE UNIQUE INDEX "api_tenant_id_context_version_key" ON "api"("tenant_id", "context", "version");

-- CreateIndex
CREATE UNIQUE INDEX "api_resource_tenant_id_id_key" ON "api_resource"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "api_resource_tenant_id_api_id_verb_path_key" ON "api_resource"("tenant_id", "api_id", "verb", "path");

-- CreateIndex
CREATE UNIQUE INDEX "api_scope_tenant_id_id_key" ON "api_scope"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "api_scope_tenant_id_api_id_name_key" ON "api_scope"("tenant_id", "api_id", "name");

-- CreateIndex
CREATE INDEX "api_key_manager_tenant_id_key_manager_id_idx" ON "api_key_manager"("tenant_id", "key_manager_id");

-- CreateIndex
CREATE UNIQUE INDEX "plan_tenant_id_id_key" ON "plan"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "plan_tenant_id_name_key" ON "plan"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "api_plan_tenant_id_plan_id_idx" ON "api_plan"("tenant_id", "plan_id");

-- CreateIndex
CREATE INDEX "subscription_tenant_id_api_id_created_at_id_idx" ON "subscription"("tenant_id", "api_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "subscription_tenant_id_id_key" ON "subscription"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "subscription_tenant_id_application_id_api_id_key" ON "subscription"("tenant_id", "application_id", "api_id");

-- CreateIndex
CREATE UNIQUE INDEX "gateway_credential_token_hash_key" ON "gateway_credential"("token_hash");

-- CreateIndex
CREATE UNIQUE INDEX "gateway_credential_tenant_id_id_key" ON "gateway_credential"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "gateway_credential_tenant_id_name_key" ON "gateway_credential"("tenant_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "signing_key_tenant_id_id_key" ON "signing_key"("tenant_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "signing_key_tenant_id_key_id_key" ON "signing_key"("tenant_id", "key_id");

-- CreateIndex
CREATE INDEX "authorization_state_tenant_id_grant_id_idx" ON "authorization_state"("tenant_id", "grant_id");

-- CreateIndex
CREATE INDEX "authorization_state_tenant_id_client_id_idx" ON "authorization_state"("tenant_id", "client_id");

-- CreateIndex
CREATE INDEX "authorization_state_tenant_id_account_id_idx" ON "authorization_state"("tenant_id", "account_id");

-- CreateIndex
CREATE INDEX "authorization_state_tenant_id_model_uid_idx" ON "authorization_state"("tenant_id", "model", "uid");

-- CreateIndex
CREATE INDEX "authorization_state_tenant_id_model_user_code_idx" ON "authorization_state"("tenant_id", "model", "user_code");

-- CreateIndex
CREATE INDEX "authorization_state_expires_at_idx" ON "authorization_state"("expires_at");

-- CreateIndex
CREATE INDEX "revoked_token_expires_at_idx" ON "revoked_token"("expires_at");

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claimed_client" ADD CONSTRAINT "claimed_client_tenant_id_key_mapping_id_fkey" FOREIGN KEY ("tenant_id", "key_mapping_id") REFERENCES "key_mapping"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "identity_provider" ADD CONSTRAINT "identity_provider_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "federated_identity" ADD CONSTRAINT "federated_identity_tenant_id_identity_provider_id_fkey" FOREIGN KEY ("tenant_id", "identity_provider_id") REFERENCES "identity_provider"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "federated_identity" ADD CONSTRAINT "federated_identity_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "person"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "key_manager" ADD CONSTRAINT "key_manager_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "application" ADD CONSTRAINT "application_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "key_mapping" ADD CONSTRAINT "key_mapping_tenant_id_application_id_fkey" FOREIGN KEY ("tenant_id", "application_id") REFERENCES "application"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "key_mapping" ADD CONSTRAINT "key_mapping_tenant_id_key_manager_id_fkey" FOREIGN KEY ("tenant_id", "key_manager_id") REFERENCES "key_manager"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api" ADD CONSTRAINT "api_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_resource" ADD CONSTRAINT "api_resource_tenant_id_api_id_fkey" FOREIGN KEY ("tenant_id", "api_id") REFERENCES "api"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_scope" ADD CONSTRAINT "api_scope_tenant_id_api_id_fkey" FOREIGN KEY ("tenant_id", "api_id") REFERENCES "api"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key_manager" ADD CONSTRAINT "api_key_manager_tenant_id_api_id_fkey" FOREIGN KEY ("tenant_id", "api_id") REFERENCES "api"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key_manager" ADD CONSTRAINT "api_key_manager_tenant_id_key_manager_id_fkey" FOREIGN KEY ("tenant_id", "key_manager_id") REFERENCES "key_manager"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plan" ADD CONSTRAINT "plan_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_plan" ADD CONSTRAINT "api_plan_tenant_id_api_id_fkey" FOREIGN KEY ("tenant_id", "api_id") REFERENCES "api"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_plan" ADD CONSTRAINT "api_plan_tenant_id_plan_id_fkey" FOREIGN KEY ("tenant_id", "plan_id") REFERENCES "plan"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_tenant_id_application_id_fkey" FOREIGN KEY ("tenant_id", "application_id") REFERENCES "application"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_tenant_id_api_id_fkey" FOREIGN KEY ("tenant_id", "api_id") REFERENCES "api"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_tenant_id_plan_id_fkey" FOREIGN KEY ("tenant_id", "plan_id") REFERENCES "plan"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gateway_credential" ADD CONSTRAINT "gateway_credential_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "signing_key" ADD CONSTRAINT "signing_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "authorization_state" ADD CONSTRAINT "authorization_state_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "revoked_token" ADD CONSTRAINT "revoked_token_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The list of what is revoked before it expires grows from token ids of a tenant's own authorization server to tokens of
-- any key manager, and to all tokens of a client or a person that were issued before a moment.

CREATE TYPE "RevocationKind" AS ENUM ('TOKEN_ID', 'TOKEN_DIGEST', 'CONSUMER_KEY', 'SUBJECT');

ALTER TABLE "revoked_token" RENAME TO "revocation";
ALTER TABLE "revocation" RENAME CONSTRAINT "revoked_token_tenant_id_fkey" TO "revocation_tenant_id_fkey";
ALTER INDEX "revoked_token_expires_at_idx" RENAME TO "revocation_expires_at_idx";
ALTER INDEX "revoked_token_revoked_at_idx" RENAME TO "revocation_revoked_at_idx";
ALTER TABLE "revocation" RENAME COLUMN "token_id" TO "value";
ALTER TABLE "revocation"
  ADD COLUMN "kind" "RevocationKind" NOT NULL DEFAULT 'TOKEN_ID',
  ADD COLUMN "key_manager" TEXT NOT NULL DEFAULT '',
  ADD COLUMN "issued_before" TIMESTAMPTZ(3);
ALTER TABLE "revocation" ALTER COLUMN "kind" DROP DEFAULT, ALTER COLUMN "key_manager" DROP DEFAULT;
ALTER TABLE "revocation" DROP CONSTRAINT "revoked_token_pkey";
ALTER TABLE "revocation" ADD CONSTRAINT "revocation_pkey" PRIMARY KEY ("tenant_id", "key_manager", "kind", "value");

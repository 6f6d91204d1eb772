-- AlterTable
ALTER TABLE "revoked_token" ADD COLUMN     "revoked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateIndex
CREATE INDEX "revoked_token_revoked_at_idx" ON "revoked_token"("revoked_at");

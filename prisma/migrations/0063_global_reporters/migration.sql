-- What a global key manager reports as revoked holds in every tenant that it serves, so its credential is the
-- installation's: one for each, made by an operator.

CREATE TABLE "global_reporter" (
    "global_key_manager_id" UUID NOT NULL,
    "prefix" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "global_reporter_pkey" PRIMARY KEY ("global_key_manager_id")
);
CREATE UNIQUE INDEX "global_reporter_token_hash_key" ON "global_reporter"("token_hash");
ALTER TABLE "global_reporter" ADD CONSTRAINT "global_reporter_global_key_manager_id_fkey"
  FOREIGN KEY ("global_key_manager_id") REFERENCES "global_key_manager"("id") ON DELETE CASCADE ON UPDATE CASCADE;

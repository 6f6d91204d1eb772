-- CreateTable
CREATE TABLE "client_secret" (
    "tenant_id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "digest" TEXT NOT NULL,
    "hint" TEXT,
    "description" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "client_secret_pkey" PRIMARY KEY ("tenant_id","client_id","id")
);

-- AddForeignKey
ALTER TABLE "client_secret" ADD CONSTRAINT "client_secret_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "client_secret" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "client_secret" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON "client_secret" USING (latchkey_may_touch(tenant_id)) WITH CHECK (latchkey_may_touch(tenant_id));

-- Each client had one secret, whose digest stood with what it says about itself. Instances that still read it there go
-- on working while they are replaced.
SELECT set_config('app.scope', 'installation', true);
INSERT INTO "client_secret" (tenant_id, client_id, id, digest, created_at)
SELECT tenant_id, id, gen_random_uuid(), payload ->> 'client_secret',
       coalesce(to_timestamp((payload ->> 'client_id_issued_at')::double precision), now())
  FROM "authorization_state"
 WHERE model = 'Client' AND payload ->> 'client_secret' LIKE 'sha256.%';

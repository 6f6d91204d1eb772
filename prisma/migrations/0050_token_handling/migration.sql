-- Which tokens are a key manager's own, where the issuer alone does not say.

-- AlterTable
ALTER TABLE "global_key_manager" ADD COLUMN     "token_handling" JSONB NOT NULL DEFAULT '{"kind":"NONE"}';

-- AlterTable
ALTER TABLE "key_manager" ADD COLUMN     "token_handling" JSONB NOT NULL DEFAULT '{"kind":"NONE"}';

-- AlterTable
ALTER TABLE "key_manager" ADD COLUMN     "claim_mappings" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "exchange_audience" TEXT;

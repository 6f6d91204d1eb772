-- AlterTable
ALTER TABLE "global_key_manager" ADD COLUMN     "constraints" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "simulated" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "key_manager" ADD COLUMN     "constraints" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "simulated" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "session" ADD COLUMN     "within_tenant_id" UUID;

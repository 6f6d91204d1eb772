-- What an API speaks, and so what its resources are: paths with methods, operations, or addresses of handshakes.

-- CreateEnum
CREATE TYPE "ApiKind" AS ENUM ('HTTP', 'GRAPHQL', 'WEBSOCKET');

-- AlterTable
ALTER TABLE "api" ADD COLUMN     "kind" "ApiKind" NOT NULL DEFAULT 'HTTP';

-- AlterTable
ALTER TABLE "key_mapping" ADD COLUMN     "owner_change" JSONB;

-- Looked for in every tenant, every few minutes, and nearly nothing is due. Row-level security keeps a condition on "->>"
-- from being an index condition: it is the predicate that leaves out what is not due, and the order that lets the look end
-- early.
CREATE INDEX "key_mapping_owner_change_due_idx" ON "key_mapping" (("owner_change" ->> 'dueAt'))
  WHERE "owner_change" ->> 'dueAt' IS NOT NULL;

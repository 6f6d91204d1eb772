-- What is due is looked for in every tenant, every five minutes, and nearly nothing is. The schema file cannot express such
-- an index. Row-level security keeps a condition on "->>" from being an index condition: it is the predicate that
-- leaves out what is not due, and the order that lets the look end early.
CREATE INDEX "key_mapping_scope_grant_due_idx" ON "key_mapping" (("scope_grant" ->> 'dueAt'))
  WHERE "scope_grant" ->> 'dueAt' IS NOT NULL;

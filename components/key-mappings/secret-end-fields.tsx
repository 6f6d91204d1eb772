"use client";

import { useWatch } from "react-hook-form";
import { NumberField, SelectField } from "#components/form/fields.tsx";
import { ownDays } from "#lib/features/key-mappings/contract.ts";

const usual = [
  { value: "30", label: "In 30 days" },
  { value: "60", label: "In 60 days" },
  { value: "90", label: "In 90 days" },
  { value: "180", label: "In 180 days" },
  { value: "365", label: "In a year" },
  { value: ownDays, label: "In a number of days…" },
];

/** When a new secret ends: after one of the usual times or days of one's own, or left to the key manager. */
export function SecretEndFields({ endless }: { endless: boolean }) {
  const ends: unknown = useWatch({ name: "ends" });
  return (
    <>
      <SelectField
        name="ends"
        label="Ends"
        options={[...usual, { value: "", label: endless ? "Never" : "As the key manager decides" }]}
      />
      {ends === ownDays && <NumberField name="expiresInDays" label="Days" min={1} max={3_650} />}
    </>
  );
}

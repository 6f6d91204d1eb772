"use client";

import { useWatch } from "react-hook-form";
import { ListField, RadioField } from "#components/form/fields.tsx";
import type { SubscriptionAvailability } from "#lib/features/apis/contract.ts";

const choices: { value: SubscriptionAvailability; label: string; help?: string }[] = [
  { value: "OWN_TENANT", label: "This tenant only" },
  {
    value: "ALL_TENANTS",
    label: "Every tenant",
    help: "Developers everywhere find it in their catalogue. Keys of accepted global key managers open it.",
  },
  { value: "LISTED", label: "This tenant and listed ones" },
];

/** Developers of which tenants may subscribe. */
export function AvailabilityField() {
  const availability: unknown = useWatch({ name: "subscriptionAvailability" });
  return (
    <>
      <RadioField name="subscriptionAvailability" label="Who may subscribe" options={choices} />
      {availability === "LISTED" && (
        <ListField
          name="subscriberTenants"
          label="Other tenants"
          mono
          maximumItems={200}
          placeholder="northwind"
          help="Their addresses, as they stand in /t/address/oidc. The people there can tell you."
        />
      )}
    </>
  );
}

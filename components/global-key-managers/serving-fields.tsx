"use client";

import { useWatch } from "react-hook-form";
import { ListField, RadioField } from "#components/form/fields.tsx";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";

const choices = [
  { value: "ALL", label: "Every tenant", help: "Those that are created later too." },
  { value: "LISTED", label: "Listed tenants" },
];

/** Every tenant, or those whose addresses are listed. */
export function ServingFields() {
  const serves: unknown = useWatch({ name: "serves" });
  return (
    <>
      <RadioField name="serves" label="Serves" options={choices} />
      {serves === "LISTED" && (
        <ListField
          name="tenants"
          label="Tenants"
          mono
          maximumItems={1_000}
          placeholder="northwind"
          help="The tenants' addresses, as the list of tenants has them."
        />
      )}
    </>
  );
}

/** The same as a part of the form that connects a key manager. */
export function ServingCard() {
  return (
    <Card>
      <CardHeader
        title="Who it serves"
        description="Its tenants use it like their own. They see neither its connection nor its credentials."
      />
      <CardBody>
        <ServingFields />
      </CardBody>
    </Card>
  );
}

"use client";

import { LongTextField, TextField } from "#components/form/fields.tsx";
import { RowsField } from "#components/form/rows-field.tsx";

/** The API's scopes, a row each. */
export function ScopesField() {
  return (
    <RowsField
      name="scopes"
      item="scope"
      label="Scopes"
      empty={{ name: "", description: "" }}
      labelsOnce
      rowClassName="grid-cols-[minmax(0,1fr)_2rem] sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_2rem]"
    >
      {(path) => (
        <>
          <LongTextField name={`${path}.name`} label="Scope" mono placeholder="orders:read" />
          <TextField
            name={`${path}.description`}
            label="Description"
            placeholder="Read orders"
            className="max-sm:order-last max-sm:col-span-2"
          />
        </>
      )}
    </RowsField>
  );
}

"use client";

import { useController } from "react-hook-form";
import { CheckboxesField } from "#components/form/fields.tsx";
import { Field } from "#components/ui/field.tsx";
import { RadioGroup } from "#components/ui/radio-group.tsx";
import type { ChoosableKeyManager } from "#lib/features/key-managers/contract.ts";

const choices = [
  { value: "all", label: "All key managers", help: "Also those that are added later." },
  { value: "selected", label: "Selected key managers" },
];

/** All, or a list. A disabled key manager stays where it is chosen and cannot be newly chosen. */
export function AcceptedKeyManagers({ options }: { options: readonly ChoosableKeyManager[] }) {
  const { field: acceptAll } = useController({ name: "acceptAllKeyManagers" });
  const { field: chosen } = useController({ name: "keyManagerIds" });
  const kept = new Set<string>(Array.isArray(chosen.value) ? chosen.value : []);

  return (
    <>
      <Field label="Accept tokens of" name="acceptAllKeyManagers" group>
        <RadioGroup
          name="acceptAllKeyManagers"
          options={choices}
          value={acceptAll.value ? "all" : "selected"}
          onValueChange={(value) => acceptAll.onChange(value === "all")}
        />
      </Field>
      {!acceptAll.value && (
        <CheckboxesField
          name="keyManagerIds"
          label="Accepted key managers"
          columns
          options={options.map(({ id, displayName, connector, global, enabled }) => ({
            value: id,
            label: displayName,
            help: [connector.name, global && "global", !enabled && "disabled"].filter(Boolean).join(", "),
            disabled: !enabled && !kept.has(id),
          }))}
        />
      )}
    </>
  );
}

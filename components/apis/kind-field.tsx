"use client";

import { useFormContext } from "react-hook-form";
import { RadioField } from "#components/form/fields.tsx";
import { apiKinds, kindLabels, type ApiInput, type ApiKind } from "#lib/features/apis/contract.ts";
import { firstResource } from "./resources-field.tsx";

const help: Record<ApiKind, string> = {
  HTTP: "Resources are paths with methods.",
  GRAPHQL: "Resources are queries, mutations and subscriptions. The gateway says which of them a call asks for.",
  WEBSOCKET: "Resources are addresses at which a connection begins.",
};
const options = apiKinds.map((kind) => ({ value: kind, label: kindLabels[kind], help: help[kind] }));

/** What a new API speaks. Another choice begins with other resources. */
export function KindField() {
  const { setValue, clearErrors } = useFormContext<ApiInput>();
  function choose(value: string) {
    const kind = apiKinds.find((one) => one === value) ?? "HTTP";
    clearErrors("resources");
    setValue("kind", kind, { shouldDirty: true });
    setValue("resources", [firstResource(kind)], { shouldDirty: true });
  }
  return <RadioField name="kind" label="Kind" options={options} onChoose={choose} />;
}

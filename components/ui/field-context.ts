"use client";

import { createContext, useContext } from "react";

export type FieldState = {
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
  required: boolean;
};

export const FieldContext = createContext<FieldState | null>(null);

type Own = {
  id?: string | undefined;
  required?: boolean | undefined;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: unknown;
};

/** The attributes that tie a control to the Field around it; a control's own win. */
export function useFieldControl(own: Own) {
  const field = useContext(FieldContext);
  if (!field) return {};
  return {
    id: own.id ?? field.id,
    "aria-describedby": own["aria-describedby"] ?? field.describedBy,
    "aria-invalid": own["aria-invalid"] === undefined ? field.invalid || undefined : Boolean(own["aria-invalid"]),
    "aria-required": own.required ?? (field.required || undefined),
  };
}

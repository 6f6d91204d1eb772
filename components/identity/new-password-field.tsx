"use client";

import { useWatch } from "react-hook-form";
import { minimumPasswordCharacters } from "#lib/features/identity/contract.ts";
import { PasswordField } from "./password-field.tsx";

/** A password being chosen, with the one rule and how far it is met. */
export function NewPasswordField({ name, label }: { name: string; label: string }) {
  const typed: unknown = useWatch({ name });
  const count = typeof typed === "string" ? Array.from(typed).length : 0;
  const rule = `At least ${String(minimumPasswordCharacters)} characters; a few words in a row are fine.`;
  const missing = minimumPasswordCharacters - count;
  const progress = missing > 0 ? `${String(missing)} more to go.` : "Long enough.";
  return (
    <PasswordField
      name={name}
      label={label}
      autoComplete="new-password"
      help={count === 0 ? rule : `${rule} ${progress}`}
    />
  );
}

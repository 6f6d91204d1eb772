"use client";

import { Eye, EyeOff } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useFormContext } from "react-hook-form";
import { useFieldError } from "#components/form/fields.tsx";
import { Button } from "#components/ui/button.tsx";
import { Field } from "#components/ui/field.tsx";
import { Input } from "#components/ui/input.tsx";

type PasswordFieldProps = {
  name: string;
  label: string;
  help?: ReactNode;
  autoComplete: "current-password" | "new-password";
};

/** A password; it can be shown, pasted and filled by a password manager. */
export function PasswordField({ name, label, help, autoComplete }: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  const { register } = useFormContext();
  const error = useFieldError(name);
  return (
    <Field name={name} label={label} help={help} error={error}>
      <span className="relative block">
        <Input
          type={shown ? "text" : "password"}
          autoComplete={autoComplete}
          autoCapitalize="none"
          spellCheck={false}
          className="pr-10"
          {...register(name)}
        />
        <Button
          variant="ghost"
          size="icon-sm"
          className="absolute inset-y-0 right-0.5 my-auto"
          aria-label={shown ? "Hide password" : "Show password"}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
        </Button>
      </span>
    </Field>
  );
}

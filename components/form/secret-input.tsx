"use client";

import { Eye, EyeOff } from "lucide-react";
import { useState, type ComponentProps, type Ref } from "react";
import { Button } from "#components/ui/button.tsx";
import { Input, Textarea } from "#components/ui/input.tsx";

type SecretInputProps = Pick<ComponentProps<"input">, "name" | "value" | "placeholder" | "onBlur" | "autoComplete"> & {
  onChange?: ((value: string) => void) | undefined;
  /** For keys in PEM form. */
  multiline?: boolean | undefined;
  ref?: Ref<HTMLInputElement & HTMLTextAreaElement>;
};

/** Covered while it is typed, and shown on demand. */
export function SecretInput({ multiline, onChange, autoComplete = "off", ref, ...props }: SecretInputProps) {
  const [shown, setShown] = useState(false);
  const shared = {
    ...props,
    ref,
    autoComplete,
    spellCheck: false,
    autoCapitalize: "none",
    // Password managers would offer to store what belongs to a server.
    "data-1p-ignore": true,
    "data-lpignore": "true",
    mono: true,
    onChange: (event: { target: { value: string } }) => onChange?.(event.target.value),
  };
  return (
    <span className="relative block">
      {multiline ? (
        <Textarea
          {...(shared as ComponentProps<typeof Textarea>)}
          className={shown ? "pr-10" : "pr-10 [-webkit-text-security:disc]"}
        />
      ) : (
        <Input {...shared} type={shown ? "text" : "password"} className="pr-10" />
      )}
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={shown ? "Cover what is typed" : "Show what is typed"}
        aria-pressed={shown}
        className="text-muted absolute top-0.5 right-0.5"
        onClick={() => setShown(!shown)}
      >
        {shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
      </Button>
    </span>
  );
}

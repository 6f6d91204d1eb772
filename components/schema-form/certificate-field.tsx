"use client";

import { Upload } from "lucide-react";
import { useRef, useState } from "react";
import { useFieldError, type BoundFieldProps } from "#components/form/fields.tsx";
import { useControl } from "#components/form/use-control.ts";
import { Button } from "#components/ui/button.tsx";
import { Field } from "#components/ui/field.tsx";
import { Textarea } from "#components/ui/input.tsx";
import { toPem } from "./pem.ts";

/** More than any certificate chain; keeps a wrongly chosen film out of the page. */
const maximumBytes = 256 * 1024;

/** A certificate or public key: pasted, chosen as a file, or dropped onto the field. */
export function CertificateField({
  name,
  label,
  help,
  optional,
  placeholder,
}: BoundFieldProps & { placeholder?: string | undefined }) {
  const { value, onChange, onBlur, ref } = useControl(name);
  const serverError = useFieldError(name);
  const [fileProblem, setFileProblem] = useState<string>();
  const [over, setOver] = useState(false);
  const file = useRef<HTMLInputElement>(null);

  async function take(chosen: File | undefined) {
    if (!chosen) return;
    if (chosen.size > maximumBytes) {
      setFileProblem(`${chosen.name} is larger than 256 KiB: this is no certificate.`);
      return;
    }
    setFileProblem(undefined);
    onChange(toPem(new Uint8Array(await chosen.arrayBuffer())));
  }

  return (
    <Field
      name={name}
      label={label}
      help={help}
      optional={optional}
      error={fileProblem ?? serverError}
      aside={
        <Button size="sm" variant="ghost" className="text-accent -my-1" onClick={() => file.current?.click()}>
          <Upload aria-hidden />
          Choose a file
        </Button>
      }
    >
      <Textarea
        mono
        rows={4}
        spellCheck={false}
        placeholder={placeholder ?? "-----BEGIN CERTIFICATE-----"}
        name={name}
        ref={ref}
        value={typeof value === "string" ? value : ""}
        onChange={(event) => {
          setFileProblem(undefined);
          onChange(event.target.value);
        }}
        onBlur={onBlur}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          setOver(false);
          if (event.dataTransfer.files.length === 0) return;
          event.preventDefault();
          void take(event.dataTransfer.files[0]);
        }}
        className={over ? "border-accent bg-accent-soft" : undefined}
      />
      <input
        ref={file}
        type="file"
        hidden
        aria-label="Certificate file"
        accept=".pem,.crt,.cer,.der,.pub,.key,.txt"
        onChange={(event) => {
          void take(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
    </Field>
  );
}

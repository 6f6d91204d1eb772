"use client";

import { useEffect, useRef } from "react";
import { useFormState } from "react-hook-form";
import { SecretField, TextField } from "#components/form/fields.tsx";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";

/** A consumer key and secret that the developer brings along, as far as the key manager takes them; closed at first. */
export function PresetFields({ keyManager: { displayName, preset } }: { keyManager: UsableKeyManager }) {
  const { consumerKey, consumerSecret } = preset;
  const { errors } = useFormState();
  const box = useRef<HTMLDetailsElement>(null);
  const refused = ["consumerKey", "consumerSecret"].some((part) => part in errors);
  useEffect(() => {
    if (refused && box.current) box.current.open = true;
  }, [refused]);
  if (!consumerKey && !consumerSecret) return null;
  const parts = [consumerKey && "client id", consumerSecret && "secret"].filter(Boolean).join(" and ");
  return (
    <details ref={box} className="border-line rounded-lg border px-3 py-2 open:pb-4">
      <summary className="min-h-6 cursor-pointer font-medium">Use a {parts} of your own</summary>
      <div className="flex min-w-0 flex-col gap-5 pt-3">
        <p className="text-muted max-w-[68ch]">
          For an application that is deployed with credentials already. The client is made with these, or not at all;
          what you leave empty {displayName} makes up.
        </p>
        {consumerKey && (
          <TextField
            name="consumerKey"
            label="Consumer key"
            help={`Also called client id. Use ${consumerKey.words}. No other client may have it.`}
            maxLength={255}
            mono
            optional
          />
        )}
        {consumerSecret && (
          <SecretField
            name="consumerSecret"
            label="Consumer secret"
            help={`Also called client secret. Use ${consumerSecret.words}, best from a password generator.`}
            optional
          />
        )}
      </div>
    </details>
  );
}

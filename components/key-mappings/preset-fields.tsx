"use client";

import { SecretField, TextField } from "#components/form/fields.tsx";
import { Fold } from "#components/form/fold.tsx";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";

/** A consumer key and secret that the developer brings along, as far as the key manager takes them; closed at first. */
export function PresetFields({ keyManager: { displayName, preset } }: { keyManager: UsableKeyManager }) {
  const { consumerKey, consumerSecret } = preset;
  if (!consumerKey && !consumerSecret) return null;
  const parts = [consumerKey && "client id", consumerSecret && "secret"].filter(Boolean).join(" and ");
  return (
    <Fold label={`Use a ${parts} of your own`} paths={["consumerKey", "consumerSecret"]}>
      <p className="text-muted max-w-[68ch]">
        For an application that is deployed with credentials already. The client is made with these, or not at all; what
        you leave empty {displayName} makes up.
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
    </Fold>
  );
}

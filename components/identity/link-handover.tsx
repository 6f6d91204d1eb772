"use client";

import { SecretOnce } from "#components/ui/secret-once.tsx";

type LinkHandoverProps = {
  /** What it is: "Invitation link". */
  label?: string;
  /** Whom the link is for. */
  recipient: string;
  url: string;
  /** ISO 8601. */
  expiresAt: string;
  onDone: () => void;
};

/** A link that somebody has to be given by hand: shown this once. */
export function LinkHandover({ label = "Invitation link", recipient, url, expiresAt, onDone }: LinkHandoverProps) {
  const until = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return (
    <>
      <p>
        Send this link to <strong className="break-all">{recipient}</strong> over a channel you trust. It works once,
        until {until.format(new Date(expiresAt))} UTC, and cannot be shown again.
      </p>
      <SecretOnce label={label} value={url} onStored={onDone} />
    </>
  );
}

"use client";

import { Download, Eye, EyeOff } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy-button.tsx";

type SecretOnceProps = {
  /** What it is, "Consumer secret". */
  label: string;
  value: string;
  /** How it can be seen again, in a sentence; without it, this is the only look. */
  lookAgain?: string | undefined;
  /** The person says that the secret is stored: forget it. */
  onStored: () => void;
  /** File name for the download; without it there is none. */
  fileName?: string | undefined;
};

/** After this long without any input the value is covered. */
const coverAfterMs = 60_000;

/** A secret that is shown once: copy it, store it, gone. Leaving the page before asks first. */
export function SecretOnce({ label, value, lookAgain, onStored, fileName }: SecretOnceProps) {
  const [covered, setCovered] = useState(false);
  const [taken, setTaken] = useState(false);
  const [insisting, setInsisting] = useState(false);

  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);

  useEffect(() => {
    if (covered) return;
    let timer = setTimeout(() => setCovered(true), coverAfterMs);
    const again = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setCovered(true), coverAfterMs);
    };
    window.addEventListener("keydown", again);
    window.addEventListener("pointermove", again);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("keydown", again);
      window.removeEventListener("pointermove", again);
    };
  }, [covered]);

  function download() {
    const address = URL.createObjectURL(new Blob([`${value}\n`], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = fileName ?? "secret.txt";
    link.click();
    URL.revokeObjectURL(address);
    setTaken(true);
  }

  return (
    <section aria-label={label} className="border-warn/50 bg-warn-soft flex flex-col gap-3 rounded-lg border p-3">
      <div className="flex flex-col gap-0.5">
        <h3 className="font-medium">{label}</h3>
        <p className="text-ink/85 text-sm">
          {lookAgain ? "" : "Shown only now. "}Store it where your program reads its secrets. {lookAgain}
        </p>
      </div>
      <div className="border-control bg-surface flex min-w-0 items-center gap-1 rounded-md border py-1 pr-1 pl-3">
        <code tabIndex={0} className="min-w-0 flex-1 py-1 text-sm break-all">
          {covered ? "•".repeat(Math.min(value.length, 32)) : value}
        </code>
        <Button
          variant="ghost"
          size="icon-sm"
          className="text-muted"
          aria-label={covered ? `Show ${label}` : `Cover ${label}`}
          onClick={() => setCovered(!covered)}
        >
          {covered ? <Eye aria-hidden /> : <EyeOff aria-hidden />}
        </Button>
        <CopyButton value={value} label={label} className="text-muted" onCopied={() => setTaken(true)} />
      </div>
      <span role="status" className="sr-only">
        {covered && `${label} was covered`}
      </span>
      <div className="flex flex-wrap items-center gap-2">
        {fileName && (
          <Button onClick={download}>
            <Download aria-hidden />
            Download
          </Button>
        )}
        <Button
          variant={taken ? "primary" : "secondary"}
          onClick={() => (taken || insisting ? onStored() : setInsisting(true))}
        >
          {insisting && !taken ? "Close without copying" : "I stored it"}
        </Button>
        {insisting && !taken && (
          <p role="alert" className="text-warn text-sm font-medium">
            It was not copied here. {lookAgain ?? "Nobody can show it again."}
          </p>
        )}
      </div>
    </section>
  );
}

import { cn } from "./class-names.ts";
import { CopyButton } from "./copy-button.tsx";
import { Tooltip } from "./tooltip.tsx";

type IdentifierProps = {
  value: string;
  /** What it identifies, "consumer key". */
  label: string;
  /** Leaves the copy control away, in dense tables for instance. */
  plain?: boolean;
  className?: string;
};

/** Characters of the end that stay in sight when there is too little room. */
const tailLength = 6;

/** Text whose middle is cut where there is too little room, so that both ends can be compared. */
export function MiddleCut({ text }: { text: string }) {
  const cut = Math.max(0, text.length - tailLength);
  return (
    <>
      <span className="truncate">{text.slice(0, cut)}</span>
      <span className="shrink-0">{text.slice(cut)}</span>
    </>
  );
}

/** Something a machine reads. The whole shows on hover and focus, and is what selection and readers get. */
export function Identifier({ value, label, plain, className }: IdentifierProps) {
  return (
    <span className={cn("inline-flex max-w-full min-w-0 items-center gap-0.5 align-middle", className)}>
      <Tooltip content={<span className="font-mono break-all">{value}</span>}>
        <code tabIndex={0} className="flex min-w-0 rounded-sm text-sm">
          <span className="sr-only select-none">{label} </span>
          <MiddleCut text={value} />
        </code>
      </Tooltip>
      {!plain && <CopyButton value={value} label={label} className="text-muted -my-1" />}
    </span>
  );
}

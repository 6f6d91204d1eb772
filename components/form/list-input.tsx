"use client";

import { X } from "lucide-react";
import { useRef, useState, type Ref } from "react";
import { cn } from "#components/ui/class-names.ts";
import { useFieldControl } from "#components/ui/field-context.ts";
import { MiddleCut } from "#components/ui/identifier.tsx";
import { Tooltip } from "#components/ui/tooltip.tsx";

type ListInputProps = {
  values: readonly string[];
  onValuesChange: (values: string[]) => void;
  onBlur?: (() => void) | undefined;
  placeholder?: string | undefined;
  maximumItems?: number | undefined;
  mono?: boolean | undefined;
  ref?: Ref<HTMLInputElement>;
};

/** Splits what was typed or pasted: one entry per line, comma or space. */
export function splitEntries(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((entry) => entry.trim())
    .filter(Boolean);
}

/** Chips with an input behind them. Enter, comma or leaving adds; Backspace in the empty input takes the last back. */
export function ListInput({
  values,
  onValuesChange,
  onBlur,
  placeholder,
  maximumItems = 50,
  mono = true,
  ref,
}: ListInputProps) {
  const [typed, setTyped] = useState("");
  const [said, setSaid] = useState("");
  const control = useFieldControl({});
  const own = useRef<HTMLInputElement>(null);

  function add(text: string) {
    const fresh = splitEntries(text).filter((entry) => !values.includes(entry));
    setTyped("");
    if (fresh.length === 0) return;
    onValuesChange([...new Set([...values, ...fresh])].slice(0, maximumItems));
    setSaid(`Added ${fresh.join(", ")}`);
  }

  function remove(entry: string) {
    onValuesChange(values.filter((value) => value !== entry));
    setSaid(`Removed ${entry}`);
    own.current?.focus();
  }

  return (
    <div
      className={cn(
        "border-control bg-surface hover:border-ink/60 flex min-h-8 w-full flex-wrap items-center gap-1 rounded-md border px-1 py-[3px] transition-[border-color]",
        "has-[input:focus-visible]:border-accent has-[input:focus-visible]:outline-accent has-[input:focus-visible]:outline-2",
        "has-aria-invalid:border-bad pointer-coarse:min-h-10",
      )}
    >
      {values.length > 0 && (
        <ul className="contents">
          {values.map((entry) => (
            <Chip key={entry} entry={entry} mono={mono} onRemove={() => remove(entry)} />
          ))}
        </ul>
      )}
      <input
        {...control}
        ref={(element) => {
          own.current = element;
          if (typeof ref === "function") ref(element);
          else if (ref) ref.current = element;
        }}
        type="text"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        placeholder={values.length === 0 ? placeholder : undefined}
        value={typed}
        onChange={(event) =>
          /[,\n]/.test(event.target.value) ? add(event.target.value) : setTyped(event.target.value)
        }
        onPaste={(event) => {
          const text = event.clipboardData.getData("text");
          if (splitEntries(text).length < 2) return;
          event.preventDefault();
          add(`${typed}${text}`);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && typed.trim()) {
            event.preventDefault();
            add(typed);
          }
          const last = values.at(-1);
          if (event.key === "Backspace" && typed === "" && last !== undefined) remove(last);
        }}
        onBlur={() => {
          add(typed);
          onBlur?.();
        }}
        className={cn(
          "h-6 min-w-24 flex-1 bg-transparent px-1.5 text-base outline-none pointer-coarse:text-lg",
          mono && "font-mono text-sm",
        )}
      />
      <span role="status" className="sr-only">
        {said}
      </span>
    </div>
  );
}

/** An entry. The whole of it shows on hover, and while its button has the focus. */
function Chip({ entry, mono, onRemove }: { entry: string; mono: boolean; onRemove: () => void }) {
  return (
    <Tooltip content={<span className={cn("break-all", mono && "font-mono")}>{entry}</span>}>
      <li
        className={cn(
          "bg-hover flex h-6 max-w-full min-w-0 items-center rounded-sm pl-1.5",
          mono && "font-mono text-sm",
        )}
      >
        <MiddleCut text={entry} />
        <button
          type="button"
          aria-label={`Remove ${entry}`}
          className="text-muted hover:text-ink grid size-6 shrink-0 place-items-center rounded-sm focus-visible:outline-offset-[-2px]"
          onClick={onRemove}
        >
          <X aria-hidden className="size-3.5" />
        </button>
      </li>
    </Tooltip>
  );
}

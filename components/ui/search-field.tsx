"use client";

import { Search, X } from "lucide-react";
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useEffect, useRef, useState, useTransition } from "react";
import { Button } from "./button.tsx";
import { cn } from "./class-names.ts";
import { Input } from "./input.tsx";
import { Spinner } from "./spinner.tsx";

type SearchFieldProps = {
  /** What is searched, "Search applications". */
  label: string;
  /** Most characters that the search takes. */
  maxLength: number;
  /** The search parameter that carries the words. */
  param?: string;
  /** Search parameters that a new search makes meaningless. */
  resets?: readonly string[];
  placeholder?: string;
  className?: string;
};

/** Pause after the last key before the server is asked. */
const pauseMs = 250;

/** Searches the list of the page. The words live in the address, so that a search can be shared and gone back to. */
export function SearchField({
  label,
  maxLength,
  param = "q",
  resets = ["cursor"],
  placeholder,
  className,
}: SearchFieldProps) {
  const router = useRouter();
  const pathname = usePathname();
  const search = useSearchParams();
  const current = search.get(param) ?? "";
  const [words, setWords] = useState(current);
  const [searching, startSearching] = useTransition();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(current);

  // Back and forward change the address under us.
  useEffect(() => {
    if (current !== sent.current) {
      sent.current = current;
      setWords(current);
    }
  }, [current]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function go(next: string) {
    clearTimeout(timer.current);
    const value = next.trim();
    if (value === sent.current) return;
    sent.current = value;
    const target = new URLSearchParams(search);
    if (value) target.set(param, value);
    else target.delete(param);
    for (const name of resets) target.delete(name);
    startSearching(() => router.replace(target.size > 0 ? `${pathname}?${target}` : pathname, { scroll: false }));
  }

  return (
    <form
      role="search"
      aria-label={label}
      className={cn("relative w-full sm:max-w-xs", className)}
      onSubmit={(event) => {
        event.preventDefault();
        go(words);
      }}
    >
      {searching ? (
        <Spinner className="text-muted absolute inset-y-0 left-2.5 my-auto" />
      ) : (
        <Search aria-hidden className="text-muted absolute inset-y-0 left-2.5 my-auto size-4" />
      )}
      <Input
        type="search"
        aria-label={label}
        maxLength={maxLength}
        placeholder={placeholder ?? label}
        value={words}
        onChange={(event) => {
          const next = event.target.value;
          setWords(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => go(next), pauseMs);
        }}
        className="pr-8 pl-8 [&::-webkit-search-cancel-button]:hidden"
      />
      {words && (
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label="Clear search"
          className="text-muted absolute inset-y-0 right-0.5 my-auto"
          onClick={() => {
            setWords("");
            go("");
          }}
        >
          <X aria-hidden />
        </Button>
      )}
    </form>
  );
}

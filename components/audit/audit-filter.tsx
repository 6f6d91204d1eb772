"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import { Button } from "#components/ui/button.tsx";
import { Input } from "#components/ui/input.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { Select, type SelectOption } from "#components/ui/select.tsx";
import { searchLength } from "#lib/features/audit/contract.ts";

const params = ["q", "action", "actor", "subject", "from", "until", "cursor"];

/** Narrows the history; every choice lives in the address, so that it can be shared. */
export function AuditFilter({ actions }: { actions: readonly SelectOption[] }) {
  const router = useRouter();
  const pathname = usePathname();
  const search = useSearchParams();
  function choose(param: string, value: string) {
    const next = new URLSearchParams(search);
    if (value) next.set(param, value);
    else next.delete(param);
    next.delete("cursor");
    router.replace(next.size > 0 ? `${pathname}?${next}` : pathname, { scroll: false });
  }
  const isNarrowed = params.some((param) => search.has(param));
  return (
    <div className="flex flex-wrap items-center gap-3">
      <SearchField label="Search people and things" maxLength={searchLength} className="w-full sm:w-72" />
      <Select
        aria-label="Action"
        placeholder="Every action"
        options={actions}
        value={search.get("action") ?? ""}
        onChange={(event) => choose("action", event.target.value)}
      />
      <DayField label="From" day={search.get("from") ?? ""} choose={(day) => choose("from", day)} />
      <DayField label="to" day={search.get("until") ?? ""} choose={(day) => choose("until", day)} />
      {isNarrowed && (
        <Button variant="ghost" onClick={() => router.replace(pathname, { scroll: false })}>
          Show everything
        </Button>
      )}
    </div>
  );
}

/** Any year that somebody means: one that is being typed is 2, 20 and 202 before. */
const earliest = "1000-01-01";

/** A day to narrow by, which counts as soon as its year is whole. */
function DayField({ label, day, choose }: { label: string; day: string; choose: (day: string) => void }) {
  const [typed, setTyped] = useState(day);
  const [chosen, setChosen] = useState(day);
  // Back, forward and links change the address under us.
  if (chosen !== day) {
    setChosen(day);
    setTyped(day);
  }
  return (
    <label className="flex items-center gap-2">
      <span className="text-muted">{label}</span>
      <Input
        type="date"
        value={typed}
        onChange={({ target: { value } }) => {
          setTyped(value);
          if (value === "" || value >= earliest) choose(value);
        }}
      />
    </label>
  );
}

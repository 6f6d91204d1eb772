"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
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
      <label className="flex items-center gap-2">
        <span className="text-muted">From</span>
        <Input type="date" value={search.get("from") ?? ""} onChange={(event) => choose("from", event.target.value)} />
      </label>
      <label className="flex items-center gap-2">
        <span className="text-muted">to</span>
        <Input
          type="date"
          value={search.get("until") ?? ""}
          onChange={(event) => choose("until", event.target.value)}
        />
      </label>
      {isNarrowed && (
        <Button variant="ghost" onClick={() => router.replace(pathname, { scroll: false })}>
          Show everything
        </Button>
      )}
    </div>
  );
}

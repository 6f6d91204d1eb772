"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { Select } from "#components/ui/select.tsx";
import { roleChoices } from "./roles.ts";

/** Narrows the list by role and state; the choice lives in the address. */
export function PeopleFilter() {
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
  return (
    <>
      <Select
        aria-label="Role"
        placeholder="Every role"
        options={roleChoices}
        value={search.get("role") ?? ""}
        onChange={(event) => choose("role", event.target.value)}
      />
      <Select
        aria-label="State"
        placeholder="Every state"
        options={[
          { value: "active", label: "Active" },
          { value: "disabled", label: "Disabled" },
        ]}
        value={search.get("state") ?? ""}
        onChange={(event) => choose("state", event.target.value)}
      />
    </>
  );
}

"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { Select } from "#components/ui/select.tsx";

const options = [
  { value: "CREATED", label: "Not published" },
  { value: "PUBLISHED", label: "Published" },
  { value: "RETIRED", label: "Retired" },
];

/** Narrows the list to one state; the choice stands in the address. */
export function StatusFilter() {
  const router = useRouter();
  const pathname = usePathname();
  const search = useSearchParams();
  return (
    <Select
      aria-label="State"
      className="w-40"
      placeholder="Every state"
      options={options}
      value={search.get("status") ?? ""}
      onChange={(event) => {
        const next = new URLSearchParams(search);
        next.delete("cursor");
        if (event.target.value) next.set("status", event.target.value);
        else next.delete("status");
        router.replace(`${pathname}?${next}`);
      }}
    />
  );
}

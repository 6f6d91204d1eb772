"use client";

import { ArrowDown, ArrowUp, ArrowUpDown } from "lucide-react";
import { Link } from "#components/ui/link.tsx";
import { usePathname, useSearchParams } from "next/navigation";
import type { ReactNode } from "react";

type SortLinkProps = {
  /** Values of the search parameter `sort`. */
  ascending: string;
  descending: string;
  /** The list is in ascending order where the address names none. */
  initial?: boolean;
  children: ReactNode;
};

/** The name of a column; following it sorts by the column, and again the other way round. */
export function SortLink({ ascending, descending, initial = false, children }: SortLinkProps) {
  const pathname = usePathname();
  const search = useSearchParams();
  const current = search.get("sort") ?? (initial ? ascending : "");
  const next = new URLSearchParams(search);
  next.delete("cursor");
  next.set("sort", current === ascending ? descending : ascending);
  const Icon = current === ascending ? ArrowUp : current === descending ? ArrowDown : ArrowUpDown;
  const order = current === ascending ? "ascending" : current === descending ? "descending" : "not sorted";
  return (
    <Link
      href={`${pathname}?${next}`}
      className="hover:text-ink inline-flex items-center gap-1 rounded-sm"
      scroll={false}
    >
      {children}
      <Icon aria-hidden className="size-3.5" />
      <span className="sr-only">({order})</span>
    </Link>
  );
}

"use client";

import { ArrowRight, ChevronsLeft } from "lucide-react";
import { Link } from "./link.tsx";
import { usePathname, useSearchParams } from "next/navigation";
import { Button } from "./button.tsx";

type PagerProps = {
  nextCursor: string | null;
  /** The search parameter that carries the cursor. */
  param?: string;
};

/** Onwards through a long list; every other search parameter stays. The browser's Back goes back. */
export function Pager({ nextCursor, param = "cursor" }: PagerProps) {
  const pathname = usePathname();
  const search = useSearchParams();
  const isFirst = !search.has(param);
  if (isFirst && nextCursor === null) return null;

  function href(cursor: string | null) {
    const next = new URLSearchParams(search);
    if (cursor === null) next.delete(param);
    else next.set(param, cursor);
    return next.size > 0 ? `${pathname}?${next}` : pathname;
  }

  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-2">
      {isFirst ? (
        <span />
      ) : (
        <Button asChild>
          <Link href={href(null)}>
            <ChevronsLeft aria-hidden />
            First page
          </Link>
        </Button>
      )}
      {nextCursor === null ? (
        <span className="text-muted text-sm">End of the list</span>
      ) : (
        <Button asChild>
          <Link href={href(nextCursor)}>
            Next page
            <ArrowRight aria-hidden />
          </Link>
        </Button>
      )}
    </nav>
  );
}

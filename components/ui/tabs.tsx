"use client";

import { Link } from "./link.tsx";
import { usePathname, useSearchParams } from "next/navigation";
import { Tabs as Primitive } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./class-names.ts";

const strip = "flex gap-3 overflow-x-auto border-b border-line [scrollbar-width:none]";
const tab = [
  "-mb-px inline-flex h-9 shrink-0 items-center gap-1.5 px-1 border-b-2 border-transparent text-muted transition-colors hover:text-ink",
  "data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink",
  "aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink",
  "focus-visible:outline-offset-[-2px] rounded-t-sm pointer-coarse:h-11",
].join(" ");

/** Tabs that only change what is shown here. What matters for sharing and going back belongs into LinkTabs. */
export function Tabs({ className, ...props }: ComponentProps<typeof Primitive.Root>) {
  return <Primitive.Root className={cn("flex min-w-0 flex-col gap-4", className)} {...props} />;
}

export function TabsList({ className, ...props }: ComponentProps<typeof Primitive.List>) {
  return <Primitive.List className={cn(strip, className)} {...props} />;
}

export function TabsTrigger({ className, ...props }: ComponentProps<typeof Primitive.Trigger>) {
  return <Primitive.Trigger className={cn(tab, className)} {...props} />;
}

export function TabsContent({ className, ...props }: ComponentProps<typeof Primitive.Content>) {
  return <Primitive.Content className={cn("min-w-0 rounded-sm", className)} {...props} />;
}

export type LinkTab = { label: ReactNode; href: string };

/**
 * Tabs that are addresses. A tab is current when its path and the search parameters it names agree with the page's;
 * where several do, the most specific is.
 */
export function LinkTabs({ tabs, label }: { tabs: readonly LinkTab[]; label: string }) {
  const pathname = usePathname();
  const search = useSearchParams();
  const fits = tabs.map(({ href }) => {
    const url = new URL(href, "http://tabs.invalid");
    if (url.pathname !== pathname) return -1;
    const named = [...url.searchParams];
    return named.every(([name, value]) => search.get(name) === value) ? named.length : -1;
  });
  const best = Math.max(...fits);
  const current = best < 0 ? -1 : fits.indexOf(best);
  return (
    <nav aria-label={label} className={strip}>
      {tabs.map(({ label: text, href }, index) => (
        <Link key={href} href={href} className={tab} aria-current={index === current ? "page" : undefined}>
          {text}
        </Link>
      ))}
    </nav>
  );
}

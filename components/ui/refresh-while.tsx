"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Loads the page's data again and again while something goes on in the background. Shows nothing itself. */
export function RefreshWhile({ active, everyMs }: { active: boolean; everyMs: number }) {
  const router = useRouter();
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => router.refresh(), everyMs);
    return () => clearInterval(timer);
  }, [active, everyMs, router]);
  return null;
}

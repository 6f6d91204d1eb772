"use client";

import { useEffect, useState } from "react";
import { exactTime, relativeTime } from "./time.ts";
import { Tooltip } from "./tooltip.tsx";

/**
 * How long ago or from now; the exact moment, in the reader's zone and in UTC, on hover and focus.
 *
 * @param iso a moment as ISO 8601
 */
export function RelativeTime({ iso, className }: { iso: string; className?: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Tooltip content={<ExactTime iso={iso} />}>
      {/* The server's "now" is older than the browser's: a differing word is no mistake. */}
      <time
        dateTime={iso}
        tabIndex={0}
        suppressHydrationWarning
        className={`rounded-sm whitespace-nowrap ${className ?? ""}`}
      >
        {relativeTime(iso, now)}
      </time>
    </Tooltip>
  );
}

function ExactTime({ iso }: { iso: string }) {
  return (
    <span className="grid grid-cols-[auto_auto] gap-x-3 tabular-nums">
      <span>{exactTime(iso)}</span>
      <span className="opacity-75">local</span>
      <span>{exactTime(iso, "UTC")}</span>
      <span className="opacity-75">UTC</span>
    </span>
  );
}

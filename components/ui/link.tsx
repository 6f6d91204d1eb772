"use client";

import NextLink from "next/link";
import { useState, type ComponentProps } from "react";

/**
 * A link to another page of the portal, fetched in advance once a pointer or the focus comes to it.
 *
 * Next.js would fetch every link in sight with every page: a score of requests, each with its own check of the
 * session, for pages that are mostly never opened.
 */
export function Link({
  onMouseEnter,
  onFocus,
  onTouchStart,
  ...props
}: Omit<ComponentProps<typeof NextLink>, "prefetch">) {
  const [isNear, setIsNear] = useState(false);
  return (
    <NextLink
      prefetch={isNear ? null : false}
      onMouseEnter={(event) => {
        setIsNear(true);
        onMouseEnter?.(event);
      }}
      onFocus={(event) => {
        setIsNear(true);
        onFocus?.(event);
      }}
      onTouchStart={(event) => {
        setIsNear(true);
        onTouchStart?.(event);
      }}
      {...props}
    />
  );
}

"use client";

import { Tooltip as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

type TooltipProps = {
  content: ReactNode;
  side?: "top" | "right" | "bottom" | "left";
  className?: string;
  /** One element that takes focus: what a tooltip says is never out of the keyboard's reach. */
  children: ReactNode;
};

/** A few more words on hover and focus. Never the only place of something important. */
export function Tooltip({ content, side = "top", className, children }: TooltipProps) {
  return (
    <Primitive.Provider delayDuration={300} skipDelayDuration={150}>
      <Primitive.Root>
        <Primitive.Trigger asChild>{children}</Primitive.Trigger>
        <Primitive.Portal>
          <Primitive.Content
            side={side}
            sideOffset={6}
            collisionPadding={8}
            className={cn(
              "bg-ink text-background animate-in fade-in-0 z-50 max-w-[min(32rem,90vw)] rounded-md px-2 py-1 text-sm break-words duration-100",
              className,
            )}
          >
            {content}
          </Primitive.Content>
        </Primitive.Portal>
      </Primitive.Root>
    </Primitive.Provider>
  );
}

import { Link } from "./link.tsx";
import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";

/** A link inside text. */
export function TextLink({ className, ...props }: ComponentProps<typeof Link>) {
  return (
    <Link
      className={cn(
        "text-accent decoration-accent/40 hover:decoration-accent rounded-sm underline underline-offset-2",
        className,
      )}
      {...props}
    />
  );
}

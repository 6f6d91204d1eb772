import { LoaderCircle } from "lucide-react";
import { cn } from "./class-names.ts";

/** A turning mark for work under way; say in words beside it what the work is. */
export function Spinner({ className }: { className?: string }) {
  return <LoaderCircle aria-hidden className={cn("size-4 animate-spin", className)} />;
}

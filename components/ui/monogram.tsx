import { cn } from "./class-names.ts";

/** A tile of one or two letters that stands for a vendor or a tenant, in place of a logo. Decorative: name it beside. */
export function Monogram({
  text,
  size = "md",
  className,
}: {
  text: string;
  size?: "sm" | "md" | "lg";
  className?: string;
}) {
  return (
    <span
      aria-hidden
      className={cn(
        "border-line bg-sunken text-ink/80 inline-grid shrink-0 place-items-center rounded-md border font-mono font-medium select-none",
        { sm: "size-6 text-xs", md: "size-8 text-sm", lg: "size-10 text-base" }[size],
        className,
      )}
    >
      {text.slice(0, 2)}
    </span>
  );
}

import { cn } from "#components/ui/class-names.ts";

/** The mark: a latch key of a circle, a bar and two teeth. The one place where brass appears. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" aria-hidden className={cn("text-brass size-6 shrink-0", className)}>
      <circle cx="6.75" cy="10.5" r="4.5" stroke="currentColor" strokeWidth="2.5" />
      <path d="M11.25 9.25H23v8.25h-2.5v-5.75h-3v4h-2.5v-4h-3.75z" fill="currentColor" />
    </svg>
  );
}

/** Mark and name side by side. */
export function Wordmark({ className }: { className?: string }) {
  return (
    <span className={cn("inline-flex items-center gap-2.5", className)}>
      <Mark />
      <span className="text-lg font-semibold tracking-[-0.02em]">Latchkey</span>
    </span>
  );
}

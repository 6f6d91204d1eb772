import { Circle, CircleAlert, CircleCheck, CircleDot, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

export type Tone = "good" | "warn" | "bad" | "neutral" | "accent";

const tones: Record<Tone, { classes: string; icon: LucideIcon }> = {
  good: { classes: "bg-good-soft text-good", icon: CircleCheck },
  warn: { classes: "bg-warn-soft text-warn", icon: TriangleAlert },
  bad: { classes: "bg-bad-soft text-bad", icon: CircleAlert },
  neutral: { classes: "bg-sunken text-muted", icon: Circle },
  accent: { classes: "bg-accent-soft text-accent", icon: CircleDot },
};

type BadgeProps = {
  tone?: Tone;
  /** Replaces the icon of the tone; null for a plain word. */
  icon?: LucideIcon | null;
  className?: string;
  children: ReactNode;
};

/** A state as icon and word, never as colour alone. */
export function Badge({ tone = "neutral", icon, className, children }: BadgeProps) {
  const { classes, icon: own } = tones[tone];
  const Icon = icon === undefined ? own : icon;
  return (
    <span
      className={cn(
        "inline-flex h-5.5 inset-ring inset-ring-current/15 max-w-full items-center gap-1 rounded-sm px-1.5 text-sm font-medium whitespace-nowrap",
        classes,
        className,
      )}
    >
      {Icon && <Icon aria-hidden className="size-3.5 shrink-0" />}
      <span className="truncate">{children}</span>
    </span>
  );
}

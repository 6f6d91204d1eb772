import { CircleAlert, CircleCheck, Info, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

export type NoticeTone = "good" | "warn" | "bad" | "neutral" | "accent";

const tones: Record<NoticeTone, { classes: string; ink: string; icon: LucideIcon }> = {
  good: { classes: "border-good/40 bg-good-soft", ink: "text-good", icon: CircleCheck },
  warn: { classes: "border-warn/40 bg-warn-soft", ink: "text-warn", icon: TriangleAlert },
  bad: { classes: "border-bad/40 bg-bad-soft", ink: "text-bad", icon: CircleAlert },
  neutral: { classes: "border-line bg-sunken", ink: "text-muted", icon: Info },
  accent: { classes: "border-accent/40 bg-accent-soft", ink: "text-accent", icon: Info },
};

type NoticeProps = {
  tone?: NoticeTone;
  title: ReactNode;
  /** What appears after something was done is announced at once. */
  live?: boolean;
  actions?: ReactNode;
  className?: string;
  children?: ReactNode;
};

/** A sentence that matters, in its place on the page. */
export function Notice({ tone = "neutral", title, live, actions, className, children }: NoticeProps) {
  const { classes, ink, icon: Icon } = tones[tone];
  return (
    <div
      role={live ? (tone === "bad" ? "alert" : "status") : undefined}
      className={cn("flex items-start gap-2.5 rounded-lg border px-3 py-2.5", classes, className)}
    >
      <Icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", ink)} />
      <div className="flex min-w-0 flex-1 flex-col gap-0.5">
        <p className="font-medium">{title}</p>
        {children && <div className="text-ink/85 min-w-0">{children}</div>}
      </div>
      {actions && <div className="flex shrink-0 flex-wrap gap-2">{actions}</div>}
    </div>
  );
}

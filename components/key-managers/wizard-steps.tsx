import { Check } from "lucide-react";
import { cn } from "#components/ui/class-names.ts";

export const wizardSteps = [
  { id: "where", title: "Where" },
  { id: "found", title: "What we found" },
  { id: "access", title: "Administrator access" },
  { id: "prove", title: "Prove it" },
] as const;
export type WizardStep = (typeof wizardSteps)[number]["id"];

type WizardProgressProps = { current: WizardStep; onGo: (step: WizardStep) => void };

/** Where one is, and the way back. */
export function WizardProgress({ current, onGo }: WizardProgressProps) {
  const at = wizardSteps.findIndex(({ id }) => id === current);
  return (
    <nav aria-label="Steps">
      <ol className="flex flex-wrap gap-x-5 gap-y-2">
        {wizardSteps.map(({ id, title }, index) => (
          <li key={id}>
            <button
              type="button"
              disabled={index >= at}
              aria-current={index === at ? "step" : undefined}
              onClick={() => onGo(id)}
              className={cn(
                "flex min-h-6 items-center gap-2 rounded-sm",
                index === at ? "font-medium" : "text-muted enabled:hover:text-ink",
              )}
            >
              <span
                aria-hidden
                className={cn(
                  "grid size-5.5 place-items-center rounded-full border text-xs font-medium tabular-nums",
                  index < at && "border-good bg-good-soft text-good",
                  index === at && "border-accent bg-accent text-accent-ink",
                  index > at && "border-control",
                )}
              >
                {index < at ? <Check className="size-3.5" /> : index + 1}
              </span>
              {title}
              {index < at && <span className="sr-only">, done</span>}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

"use client";

import { useEffect, useRef, type ReactNode } from "react";
import { FormProvider, useFormContext, useFormState, type FieldValues } from "react-hook-form";
import { Button } from "#components/ui/button.tsx";
import { cn } from "#components/ui/class-names.ts";
import { ErrorSummary } from "#components/ui/error-summary.tsx";
import { fieldId } from "#components/ui/field.tsx";
import type { ActionProblem } from "#lib/features/actions/contract.ts";
import { listProblems, type Caption } from "./problems.ts";
import type { ActionFormState } from "./use-action-form.ts";

type ActionFormProps<Values extends FieldValues> = {
  form: ActionFormState<Values>;
  /** Names the form for assistive technology where no heading does. */
  label?: string;
  /** Asks before the page is left with unsaved changes. */
  guard?: boolean;
  className?: string;
  children: ReactNode;
};

/** The form element of `useActionForm`: error summary on top, then fields, then FormFooter. */
export function ActionForm<Values extends FieldValues>({
  form,
  label,
  guard,
  className,
  children,
}: ActionFormProps<Values>) {
  return (
    <FormProvider {...form.methods}>
      <form
        noValidate
        aria-label={label}
        className={cn("flex min-w-0 flex-col gap-5", className)}
        onSubmit={(event) => {
          event.preventDefault();
          // A form inside a dialog of another form: only the inner one was meant.
          event.stopPropagation();
          void form.submit();
        }}
      >
        <FormErrorSummary problem={form.problem} />
        {children}
        {guard && <UnsavedGuard />}
      </form>
    </FormProvider>
  );
}

/** Every problem of the form around it. Appears, and takes focus, after an attempt to send was refused. */
export function FormErrorSummary({ problem }: { problem: ActionProblem | null }) {
  const { errors, submitCount, isSubmitting } = useFormState();
  const box = useRef<HTMLDivElement>(null);
  const focusedAttempt = useRef(0);

  // Labels are read from the page: before anything was sent there is nothing to say, and no page on the server.
  const problems = submitCount > 0 ? listProblems(errors, captionAt) : [];
  const general = problem && problem.fields.length === 0 ? problem : null;
  const refused = problems.length > 0 || general !== null;
  useEffect(() => {
    if (!refused || isSubmitting || submitCount === focusedAttempt.current) return;
    focusedAttempt.current = submitCount;
    box.current?.focus();
    box.current?.scrollIntoView({ block: "nearest" });
  }, [refused, isSubmitting, submitCount]);

  if (!refused || submitCount === 0) return null;
  const reference = general?.errorId ? ` Reference: ${general.errorId}.` : "";
  return <ErrorSummary ref={box} problems={problems} {...(general && { message: `${general.message}${reference}` })} />;
}

/** The words that stand at a field of the page, as its reader knows it. */
function captionAt(path: string): Caption | undefined {
  const control = document.getElementById(fieldId(path));
  if (!control) return undefined;
  const group = control.parentElement?.closest("fieldset, [role=group]");
  return { label: captionOf(control), group: group ? captionOf(group) : undefined };
}

function captionOf(element: Element): string | undefined {
  const caption =
    element.querySelector(":scope > legend") ?? document.querySelector(`label[for="${CSS.escape(element.id)}"]`);
  return element.getAttribute("aria-label") ?? caption?.firstChild?.textContent ?? undefined;
}

function UnsavedGuard() {
  const { isDirty, isSubmitting } = useFormState();
  const active = isDirty && !isSubmitting;
  useEffect(() => {
    if (!active) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [active]);
  return null;
}

type SubmitButtonProps = {
  variant?: "primary" | "danger";
  disabled?: boolean;
  className?: string;
  children: ReactNode;
};

/** Sends the form; name it with a verb. */
export function SubmitButton({ variant = "primary", disabled, className, children }: SubmitButtonProps) {
  const { formState } = useFormContext();
  return (
    <Button type="submit" variant={variant} pending={formState.isSubmitting} disabled={disabled} className={className}>
      {children}
    </Button>
  );
}

/** The buttons of a form, the sending one first. */
export function FormFooter({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={cn("flex flex-wrap items-center gap-2 pt-1", className)}>{children}</div>;
}

type FormSectionProps = { title: ReactNode; description?: ReactNode; className?: string; children: ReactNode };

/** Fields that belong together, under a heading. */
export function FormSection({ title, description, className, children }: FormSectionProps) {
  return (
    <section className={cn("flex min-w-0 flex-col gap-4", className)}>
      <header className="flex flex-col gap-0.5">
        <h2 className="text-lg font-semibold">{title}</h2>
        {description && <p className="text-muted max-w-[68ch]">{description}</p>}
      </header>
      {children}
    </section>
  );
}

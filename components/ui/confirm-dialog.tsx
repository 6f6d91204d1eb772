"use client";

import { useId, useState, type ReactNode } from "react";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { Button } from "./button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { Input } from "./input.tsx";
import { Notice } from "./notice.tsx";

type ConfirmDialogProps = {
  title: string;
  description: ReactNode;
  /** The verb on the button, "Delete key manager". */
  confirmLabel: string;
  /** For the irreversible: this text has to be typed first. */
  typeToConfirm?: string | undefined;
  tone?: "danger" | "primary";
  /** Runs on confirmation. A refused result stays visible in the dialog; anything else closes it. */
  onConfirm: () => Promise<ActionResult<unknown> | undefined | void> | void;
  /** The button that opens it; or control it with `open` and `onOpenChange`. */
  trigger?: ReactNode;
  open?: boolean | undefined;
  onOpenChange?: ((open: boolean) => void) | undefined;
  /** What will happen, in detail: affected APIs, applications, tokens. */
  children?: ReactNode;
};

/** Asks before something that disrupts or cannot be undone. */
export function ConfirmDialog({
  title,
  description,
  confirmLabel,
  typeToConfirm,
  tone = "danger",
  onConfirm,
  trigger,
  open: controlledOpen,
  onOpenChange,
  children,
}: ConfirmDialogProps) {
  const formId = useId();
  const [ownOpen, setOwnOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [mismatch, setMismatch] = useState(false);
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const open = controlledOpen ?? ownOpen;

  function setOpen(next: boolean) {
    if (pending) return;
    setTyped("");
    setMismatch(false);
    setProblem(null);
    setOwnOpen(next);
    onOpenChange?.(next);
  }

  async function confirm() {
    if (pending) return;
    if (typeToConfirm !== undefined && typed.trim() !== typeToConfirm) {
      setMismatch(true);
      return;
    }
    setPending(true);
    setProblem(null);
    try {
      const result = await onConfirm();
      if (result && !result.ok) {
        setProblem(result.problem.message);
        return;
      }
      setTyped("");
      setOwnOpen(false);
      onOpenChange?.(false);
    } catch {
      setProblem("The portal could not be reached. Nothing is known about the outcome: reload before you try again.");
    } finally {
      setPending(false);
    }
  }

  return (
    <Dialog open={open} onOpenChange={setOpen}>
      {trigger && <DialogTrigger asChild>{trigger}</DialogTrigger>}
      <DialogContent title={title} description={description} size="sm">
        {problem && (
          <Notice tone="bad" title="That did not work" live>
            {problem}
          </Notice>
        )}
        {children}
        <form
          id={formId}
          className="contents"
          onSubmit={(event) => {
            event.preventDefault();
            event.stopPropagation();
            void confirm();
          }}
        >
          {typeToConfirm !== undefined && (
            <Field
              label={
                <>
                  Type <code className="bg-sunken rounded-sm px-1 py-0.5">{typeToConfirm}</code> to confirm
                </>
              }
              error={mismatch ? "This does not match. Type it exactly as shown." : undefined}
            >
              <Input
                value={typed}
                onChange={(event) => {
                  setTyped(event.target.value);
                  setMismatch(false);
                }}
                autoComplete="off"
                spellCheck={false}
                mono
              />
            </Field>
          )}
          <DialogFooter>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" variant={tone} pending={pending}>
              {confirmLabel}
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}

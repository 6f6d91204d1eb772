"use client";

import { useState, type ReactNode } from "react";
import { Dialog, DialogContent, DialogTrigger } from "#components/ui/dialog.tsx";
import { SecretOnce } from "#components/ui/secret-once.tsx";

type Told = { title: string; description: ReactNode };

type MadeOnceDialogProps<Made> = {
  trigger: ReactNode;
  /** What is said while it is asked for. */
  asking: Told;
  /** What is said when it is made, with the secret that nobody sees again. */
  told: (made: Made) => Told & { label: string; secret: string };
  /** The form that makes it. */
  form: (onMade: (made: Made) => void) => ReactNode;
};

/** Asks for what is to be made, then shows its secret once. */
export function MadeOnceDialog<Made>({ trigger, asking, told, form }: MadeOnceDialogProps<Made>) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const answer = made === null ? null : told(made);

  function close() {
    setOpen(false);
    setMade(null);
  }

  return (
    <Dialog open={open} onOpenChange={(next) => (next ? setOpen(true) : close())}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      <DialogContent
        title={answer?.title ?? asking.title}
        description={answer?.description ?? asking.description}
        size="sm"
        sticky={answer !== null}
      >
        {answer ? <SecretOnce label={answer.label} value={answer.secret} onStored={close} /> : form(setMade)}
      </DialogContent>
    </Dialog>
  );
}

"use client";

import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import { useRef, type ComponentProps, type ReactNode } from "react";
import { Button } from "./button.tsx";
import { cn } from "./class-names.ts";
import { firstControl, placeOf, type Place } from "./focus.ts";

export const Dialog = Primitive.Root;
export const DialogTrigger = Primitive.Trigger;
export const DialogClose = Primitive.Close;

type DialogContentProps = Omit<ComponentProps<typeof Primitive.Content>, "title"> & {
  title: ReactNode;
  /** One sentence under the title. */
  description?: ReactNode;
  size?: "sm" | "md" | "lg";
  /** Outside clicks and Escape do nothing: for what must not be lost by accident. */
  sticky?: boolean;
};

/** Where the dialogs were opened that have not given the focus back yet, the latest last. */
const openers = new Set<Place>();

/** Where the dialog that opens now is opened: where the one before was, if it follows on that one. */
function openedFrom(): Place | null {
  const before = [...openers].at(-1);
  const from = document.activeElement;
  const place = from instanceof HTMLElement && from !== document.body ? placeOf(from, before) : (before ?? null);
  if (place) openers.add(place);
  return place;
}

/**
 * A window over the page. Content, then a DialogFooter with its buttons. The focus goes to its first field, and back to
 * what opened it when it closes.
 */
export function DialogContent({
  title,
  description,
  size = "md",
  sticky = false,
  className,
  children,
  ...props
}: DialogContentProps) {
  const keep = sticky ? (event: Event) => event.preventDefault() : undefined;
  const body = useRef<HTMLDivElement>(null);
  const opener = useRef<Place>(null);
  return (
    <Primitive.Portal>
      <Primitive.Overlay className="bg-veil data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=closed]:animate-out data-[state=closed]:fade-out-0 fixed inset-0 z-40 duration-150" />
      <Primitive.Content
        {...(description ? {} : { "aria-describedby": undefined })}
        {...(keep && { onEscapeKeyDown: keep, onInteractOutside: keep })}
        onOpenAutoFocus={(event) => {
          opener.current = openedFrom();
          const first = body.current && firstControl(body.current);
          if (!first) return;
          event.preventDefault();
          // What stands above it is read first.
          first.focus({ preventScroll: true });
        }}
        onCloseAutoFocus={(event) => {
          // Browsers that give a clicked button no focus leave it to the trigger.
          if (!opener.current) return;
          event.preventDefault();
          openers.delete(opener.current);
          opener.current.goBack();
        }}
        className={cn(
          "bg-raised shadow-float fixed z-50 flex max-h-[min(85dvh,48rem)] w-full flex-col overflow-hidden",
          "inset-x-0 bottom-0 rounded-t-xl sm:inset-x-auto sm:top-[12dvh] sm:bottom-auto sm:left-1/2 sm:-translate-x-1/2 sm:rounded-xl",
          "data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=open]:slide-in-from-bottom-2 duration-150 ease-out",
          { sm: "sm:max-w-md", md: "sm:max-w-xl", lg: "sm:max-w-3xl" }[size],
          className,
        )}
        {...props}
      >
        <header className="flex items-start gap-4 px-5 pt-4 pb-3">
          <div className="flex min-w-0 flex-1 flex-col gap-1">
            <Primitive.Title className="text-lg font-semibold">{title}</Primitive.Title>
            {description && <Primitive.Description className="text-muted">{description}</Primitive.Description>}
          </div>
          {!sticky && (
            <Primitive.Close asChild>
              <Button variant="ghost" size="icon-sm" aria-label="Close" className="text-muted -mr-1.5">
                <X aria-hidden />
              </Button>
            </Primitive.Close>
          )}
        </header>
        <div ref={body} className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-5 pb-5">
          {children}
        </div>
      </Primitive.Content>
    </Primitive.Portal>
  );
}

/** The buttons of a dialog, the main one last. */
export function DialogFooter({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      className={cn("flex flex-col-reverse gap-2 pt-1 sm:flex-row sm:justify-end [&>button]:max-sm:w-full", className)}
      {...props}
    />
  );
}

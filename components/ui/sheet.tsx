"use client";

import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { cn } from "./class-names.ts";

type SheetProps = {
  title: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  side?: "left" | "right";
  className?: string;
  children: ReactNode;
};

/** A panel that slides in from an edge: navigation on small screens, details on large ones. */
export function Sheet({ title, open, onOpenChange, side = "left", className, children }: SheetProps) {
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="bg-veil data-[state=open]:animate-in data-[state=open]:fade-in-0 fixed inset-0 z-40 duration-150" />
        <Primitive.Content
          aria-describedby={undefined}
          className={cn(
            "bg-raised shadow-float data-[state=open]:animate-in fixed inset-y-0 z-50 flex w-72 max-w-[85vw] flex-col overflow-y-auto duration-150 ease-out",
            side === "left"
              ? "data-[state=open]:slide-in-from-left-4 left-0"
              : "data-[state=open]:slide-in-from-right-4 right-0",
            className,
          )}
        >
          <header className="flex h-12 shrink-0 items-center justify-between gap-2 px-4">
            <Primitive.Title className="font-semibold">{title}</Primitive.Title>
            <Primitive.Close asChild>
              <Button variant="ghost" size="icon-sm" aria-label="Close">
                <X aria-hidden />
              </Button>
            </Primitive.Close>
          </header>
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

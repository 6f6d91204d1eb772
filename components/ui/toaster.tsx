"use client";

import { useTheme } from "next-themes";
import { Toaster as Sonner } from "sonner";

/** Where toasts appear. Call `toast` of sonner; errors belong at their field or in a notice, never only here. */
export function Toaster() {
  const { theme } = useTheme();
  return (
    <Sonner
      theme={theme === "light" || theme === "dark" ? theme : "system"}
      position="bottom-right"
      closeButton
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "font-sans text-base w-full sm:w-[22rem] bg-raised text-ink border border-line rounded-lg shadow-float p-3 pr-9 flex items-start gap-2.5",
          title: "font-medium",
          description: "text-muted text-sm mt-0.5",
          icon: "mt-0.5 shrink-0",
          success: "[&_[data-icon]]:text-good",
          error: "[&_[data-icon]]:text-bad",
          actionButton:
            "ml-auto shrink-0 rounded-md border border-control px-2 py-1 text-sm font-medium hover:bg-hover",
          closeButton:
            "absolute top-2 right-2 grid size-6 place-items-center rounded-sm text-muted hover:bg-hover hover:text-ink",
        },
      }}
    />
  );
}

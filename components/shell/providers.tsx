"use client";

import { ThemeProvider } from "next-themes";
import type { ReactNode } from "react";
import { Toaster } from "#components/ui/toaster.tsx";

/**
 * What every page needs in the browser: theme and toasts.
 *
 * @param nonce of the content security policy, for the script that sets the theme before the first paint
 */
export function Providers({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  return (
    <ThemeProvider
      attribute="class"
      defaultTheme="system"
      enableSystem
      disableTransitionOnChange
      {...(nonce && { nonce })}
    >
      {children}
      <Toaster />
    </ThemeProvider>
  );
}

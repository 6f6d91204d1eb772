"use client";

import { setNonce } from "get-nonce";
import { ThemeProvider } from "next-themes";
import type { ReactNode } from "react";
import { Toaster } from "#components/ui/toaster.tsx";

/**
 * What every page needs in the browser: theme and toasts.
 *
 * @param nonce of the content security policy; also given to the library that locks scrolling behind dialogs
 */
export function Providers({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  if (nonce && typeof window !== "undefined") setNonce(nonce);
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

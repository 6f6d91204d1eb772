import type { ReactNode } from "react";
import { Wordmark } from "#components/shell/mark.tsx";

/** The quiet page around signing in and whatever comes before having a tenant. */
export function AuthFrame({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 pt-[12vh] pb-12">
      <header className="mb-8">
        <Wordmark />
      </header>
      <main id="content" className="w-full max-w-104">
        {children}
      </main>
    </div>
  );
}

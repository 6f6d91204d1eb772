import type { ReactNode } from "react";

/** The quiet page around signing in and whatever comes before having a tenant. */
export function AuthFrame({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 pt-[12vh] pb-12">
      <p className="mb-8 text-lg font-semibold tracking-tight">Latchkey</p>
      <main id="content" className="w-full max-w-104">
        {children}
      </main>
    </div>
  );
}

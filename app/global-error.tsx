"use client";

import { PageError } from "./_portal/page-error.tsx";
import "./globals.css";

/** Replaces the whole page when even the root layout failed. */
export default function GlobalError(props: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <main id="content" className="flex min-h-dvh p-6">
          <PageError {...props} />
        </main>
      </body>
    </html>
  );
}

"use client";

import { PageError } from "./_portal/page-error.tsx";

export default function RootError(props: { error: unknown; retry: () => void }) {
  return (
    <main id="content" className="flex min-h-dvh p-6">
      <PageError {...props} />
    </main>
  );
}

import { Missing } from "./_portal/missing.tsx";

export const metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main id="content" className="flex min-h-dvh p-6">
      <Missing />
    </main>
  );
}

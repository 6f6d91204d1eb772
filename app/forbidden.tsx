import { Denied } from "./_portal/denied.tsx";

export const metadata = { title: "Not for your role" };

export default function Forbidden() {
  return (
    <main id="content" className="flex min-h-dvh p-6">
      <Denied />
    </main>
  );
}

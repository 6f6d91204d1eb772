import { redirect } from "next/navigation";
import { startPath } from "#lib/web/area.ts";
import { currentPerson } from "#lib/web/context.ts";

/** The front page leads to where the person's work begins. */
export default async function HomePage() {
  const current = await currentPerson();
  redirect(current ? startPath(current) : "/sign-in");
}

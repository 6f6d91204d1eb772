import { runtime } from "#lib/runtime.ts";
import { installationDb } from "#lib/data/database.ts";
export const dynamic = "force-dynamic";
export default async function Home() {
  const n = await runtime().deps.database.inInstallation((c) => installationDb(c).tenant.count());
  return <p>{n} tenants</p>;
}

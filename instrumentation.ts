/** Next.js calls this once in each server process, before the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  // A bad setting stops the server here, with every problem named, and not at somebody's first click.
  const { env } = await import("#lib/foundation/env.ts");
  env();
}

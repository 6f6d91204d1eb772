/** The gallery of primitives, which only a development server shows. It needs no database: nothing asks one. */
import { randomBytes } from "node:crypto";

const port = process.argv[2] ?? "3999";
Object.assign(process.env, {
  NODE_ENV: "development",
  NEXT_TELEMETRY_DISABLED: "1",
  HOST: "127.0.0.1",
  PORT: port,
  LATCHKEY_ORIGIN: `http://localhost:${port}`,
  DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none",
  NEXTAUTH_SECRET: randomBytes(32).toString("base64url"),
  LATCHKEY_VAULT_KEYS: `gallery=${randomBytes(32).toString("base64url")}`,
  LOG_LEVEL: "error",
});
const { serve } = await import("../../server.ts");
const serving = await serve();
// Whoever began this may be killed without a word; a development server that nobody knows would run for ever. What it
// says breaks the pipe then, and to report that breaks it again.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(1));
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 1_000).unref();
process.once("SIGTERM", () => void serving.stop().then(() => process.exit(0)));

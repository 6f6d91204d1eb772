import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { refusal } from "../bootstrap/words.mjs";

const names = ["NEXTAUTH_SECRET", "LATCHKEY_VAULT_KEYS"] as const;

/**
 * Completes the environment with this installation's secrets: what the environment names stays, the rest
 * comes from the file, which is made where it may be.
 *
 * @param file path of the secrets file
 * @param mayMake false where the data that the keys open exist already, or lie on a server whose keys must
 *   not be left to a file that nobody knows of
 */
export function completeSecrets(file: string, { mayMake, reason }: { mayMake: boolean; reason: string }): void {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length === 0) return;
  if (!existsSync(file)) {
    if (!mayMake) throw refusal(`${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not set. ${reason}`);
    make(file);
  }
  const kept = parseEnv(readFileSync(file, "utf8"));
  for (const name of missing) {
    const value = kept[name];
    if (!value) throw refusal(`${file} lacks ${name}. Restore the file from a backup, or set ${name} yourself.`);
    process.env[name] = value;
  }
}

function make(file: string): void {
  const random = () => randomBytes(32).toString("base64url");
  const lines = [
    "# The secrets of this installation. Whoever loses LATCHKEY_VAULT_KEYS loses every secret in the database:",
    "# keep a copy of this file together with the backups of the data.",
    `NEXTAUTH_SECRET=${random()}`,
    `LATCHKEY_VAULT_KEYS=k1=${random()}`,
    "",
  ];
  writeFileSync(`${file}.new`, lines.join("\n"), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

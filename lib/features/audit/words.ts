/** An audit event in plain words. */
import type { AuditChange } from "./contract.ts";

type Event = { actorName: string; action: string; subjectType: string; subjectName: string };

/** Verbs whose past tense is not made by adding "ed", and those that need other words. */
const past: Record<string, string> = {
  set_active: "changed the state of",
  set_enabled: "switched",
  change_roles: "changed the roles of",
  sign_in_locked: "stopped further sign-in attempts of",
  reveal: "revealed the secret of",
  reveal_secret: "revealed the secret of",
  regenerate_secret: "made a new secret for",
  rotate_secret: "made a new secret for",
  generate: "generated",
  map: "mapped",
  accept: "accepted an invitation as",
  change_password: "changed the password of",
  set_up: "set up",
};

/** "key_manager.register" on Keycloak by Ada → "Ada registered the key manager Keycloak". */
export function sentenceOf({ actorName, action, subjectType, subjectName }: Event): string {
  const [, verb = action] = action.split(".", 2);
  return `${actorName} ${past[verb] ?? pastOf(verb)} the ${words(subjectType)} ${subjectName}`;
}

/** "api.publish" → "Publish api", for lists of choices. */
export function actionName(action: string): string {
  const [subject = "", verb = ""] = action.split(".", 2);
  const text = `${words(verb)} ${words(subject)}`.trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function pastOf(verb: string): string {
  const [first = "", ...rest] = words(verb).split(" ");
  const ended = first.endsWith("e")
    ? `${first}d`
    : /[^aeiou]y$/.test(first)
      ? `${first.slice(0, -1)}ied`
      : `${first}ed`;
  return [ended, ...rest].join(" ");
}

function words(name: string): string {
  return name.replaceAll("_", " ").replace(/\bapi\b/, "API");
}

/** What differs between two states, field by field, nested ones by path. */
export function changesOf(before: unknown, after: unknown): AuditChange[] {
  const [old, now] = [flatten(before), flatten(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((field) => old.get(field) !== now.get(field))
    .map((field) => ({ field, before: old.get(field) ?? null, after: now.get(field) ?? null }));
}

function flatten(value: unknown, prefix = ""): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) return new Map([[prefix || "value", textOf(value)]]);
  const members: [string, unknown][] = Object.entries(value);
  const entries = members.flatMap(([key, inner]): [string, string][] => {
    const path = prefix ? `${prefix}.${key}` : key;
    return inner === null ? [[path, "none"]] : [...flatten(inner, path)];
  });
  return new Map(entries);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(textOf).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

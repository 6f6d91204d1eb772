import { usersCountedTo } from "#lib/features/key-managers/contract.ts";

/** How many use a key manager; counting stops at a bound: "7", "1,000+". */
export function users(value: number): string {
  return value < usersCountedTo ? value.toLocaleString("en") : `${usersCountedTo.toLocaleString("en")}+`;
}

/** The same with a noun: "1 application", "1,000+ applications". */
export function countUsers(value: number, noun: string): string {
  return `${users(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A count with its noun: "1 application", "2,000 applications". */
export function count(value: number, noun: string): string {
  return `${value.toLocaleString("en")} ${noun}${value === 1 ? "" : "s"}`;
}

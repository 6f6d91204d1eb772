import type { FieldErrors } from "react-hook-form";
import type { SummaryProblem } from "#components/ui/error-summary.tsx";

/** What stands at a place of a form: its own label, and that of the group around it, such as "Resource 2". */
export type Caption = { label?: string | undefined; group?: string | undefined };

/**
 * Every problem of a form, with the words that lead its reader to the field.
 *
 * @param captionAt what stands at a path; undefined where nothing does. A problem inside a value that is one control,
 * such as an entry of a list of chips, belongs to that control.
 */
export function listProblems(errors: FieldErrors, captionAt: (path: string) => Caption | undefined): SummaryProblem[] {
  const told = new Map<string, SummaryProblem>();
  for (const { path, message } of collect(errors)) {
    const field = nearest(path, (candidate) => captionAt(candidate) !== undefined);
    const label = field && nameOf(captionAt(field) ?? {});
    const problem = { path: field, label, message };
    told.set(JSON.stringify(problem), problem);
  }
  return [...told.values()];
}

function collect(errors: FieldErrors, prefix = ""): { path: string; message: string }[] {
  return Object.entries(errors).flatMap(([key, error]) => {
    if (!error || typeof error !== "object") return [];
    const path = prefix ? `${prefix}.${key}` : key;
    if ("message" in error && typeof error.message === "string" && error.message !== "") {
      return [{ path, message: error.message }];
    }
    return "ref" in error ? [] : collect(error as FieldErrors, path);
  });
}

/** The path itself or the first above it that fits. */
function nearest(path: string, fits: (path: string) => boolean): string | undefined {
  if (fits(path)) return path;
  const end = path.lastIndexOf(".");
  return end === -1 ? undefined : nearest(path.slice(0, end), fits);
}

function nameOf({ label, group }: Caption): string | undefined {
  if (!label || !group) return label ?? group;
  // An abbreviation keeps its capitals.
  return `${group}, ${/^\p{Lu}(?!\p{Lu})/u.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label}`;
}

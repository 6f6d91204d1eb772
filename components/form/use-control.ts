"use client";

import { useController, type RefCallBack } from "react-hook-form";

type Control = {
  value: unknown;
  onChange: (value: unknown) => void;
  onBlur: () => void;
  ref: RefCallBack;
};

/** A place in the form around, for inputs that are no native ones. */
export function useControl(name: string): Control {
  return useController({ name }).field;
}

/** The strings of a value that should be an array of strings. */
export function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
}

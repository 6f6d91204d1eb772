"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm, type DefaultValues, type FieldValues, type Path, type UseFormReturn } from "react-hook-form";
import type { z } from "zod";
import { reached } from "#components/ui/reached.ts";
import type { ActionProblem, ActionResult } from "#lib/features/actions/contract.ts";

/** A schema whose input is an object: what a form can hold. */
type FormSchema<Values extends FieldValues> = z.ZodType<unknown, Values>;

export type ActionFormOptions<Values extends FieldValues, Output> = {
  /** Checks before the server is asked, in the same words; the server has the last word. */
  schema?: FormSchema<Values>;
  action: (input: Values) => Promise<ActionResult<Output>>;
  defaultValues: DefaultValues<Values>;
  /** Runs before something valid is sent; where it answers false, it is not. */
  before?: (input: Values) => Promise<ActionResult<boolean>>;
  /** Runs after the server accepted, with its view and with what was sent. */
  onSuccess?: (output: Output, input: Values) => void | Promise<void>;
};

export type ActionFormState<Values extends FieldValues> = {
  /** react-hook-form's own methods: `watch`, `setValue`, `reset`. */
  methods: UseFormReturn<Values>;
  /** Sends the form; ignored while it is being sent. */
  submit: () => Promise<void>;
  /** Why the server refused the last attempt; null before and after. */
  problem: ActionProblem | null;
};

/**
 * A form over a server action: checked by the schema in the browser, by the verb on the server, and every
 * problem of either shown at its field. Render it with ActionForm.
 */
export function useActionForm<Values extends FieldValues, Output>({
  schema,
  action,
  defaultValues,
  before,
  onSuccess,
}: ActionFormOptions<Values, Output>): ActionFormState<Values> {
  const [problem, setProblem] = useState<ActionProblem | null>(null);
  const methods = useForm<Values>({
    defaultValues,
    // What was typed is sent as it is: the verb parses it again and would not know values that were parsed already.
    ...(schema && { resolver: zodResolver<Values, unknown, unknown>(schema as never, undefined, { raw: true }) }),
    shouldFocusError: false,
  });

  async function send(values: Values) {
    const asked = before && (await reached(before(values)));
    if (asked?.ok && !asked.value) return;
    const result = asked?.ok === false ? asked : await reached(action(values));
    if (result.ok) {
      methods.reset(values, { keepValues: true });
      await onSuccess?.(result.value, values);
      return;
    }
    setProblem(result.problem);
    for (const { path, message } of result.problem.fields) {
      methods.setError(path as Path<Values>, { type: "server", message });
    }
  }

  async function submit() {
    if (methods.formState.isSubmitting) return;
    setProblem(null);
    methods.clearErrors();
    await methods.handleSubmit(send)();
  }

  return { methods, submit, problem };
}

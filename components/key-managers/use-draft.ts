"use client";

import { useEffect, useRef } from "react";
import type { UseFormReturn } from "react-hook-form";
import type { ConnectorView, DiscoveryView, RegisterKeyManagerInput } from "#lib/features/key-managers/contract.ts";
import { connectorOf, emptyValues, withoutSecrets } from "./form-values.ts";

/** What is remembered of an unfinished form. Secrets never are. */
export type Draft = { values: RegisterKeyManagerInput; discovery: DiscoveryView | null };

type DraftOptions = {
  /** Tells the drafts of different forms apart. */
  place: string;
  methods: UseFormReturn<RegisterKeyManagerInput>;
  discovery: DiscoveryView | null;
  connectors: readonly ConnectorView[];
  onRestore: (draft: Draft) => void;
};

/** Keeps an unfinished form through reloads, for as long as the browser's tab lives. */
export function useDraft({ place, methods, discovery, connectors, onRestore }: DraftOptions): { forget: () => void } {
  const restored = useRef(false);
  const forgotten = useRef(false);

  useEffect(() => {
    if (restored.current) return;
    restored.current = true;
    const draft = readDraft(place);
    if (draft) onRestore(draft);
  }, [place, onRestore]);

  useEffect(() => {
    function write(values: RegisterKeyManagerInput) {
      if (forgotten.current) return;
      const connector = connectorOf(connectors, values.connectorId);
      const connection = connector ? withoutSecrets(connector.connectionFields, values.connection ?? {}) : {};
      writeDraft(place, { values: { ...values, connection }, discovery });
    }
    // What was found is part of the draft, even before anybody types.
    if (discovery) write(methods.getValues());
    return methods.subscribe({ formState: { values: true }, callback: ({ values }) => write(values) });
  }, [place, methods, connectors, discovery]);

  return {
    forget() {
      forgotten.current = true;
      writeDraft(place, null);
    },
  };
}

function keyOf(place: string): string {
  return `latchkey.key-manager-draft:${place}`;
}

function readDraft(place: string): Draft | null {
  try {
    const text = sessionStorage.getItem(keyOf(place));
    if (!text) return null;
    const draft = JSON.parse(text) as Partial<Draft>;
    // Written by an older version of this page: what it lacks begins as in an empty form.
    return { values: { ...emptyValues(), ...draft.values }, discovery: draft.discovery ?? null };
  } catch {
    // Storage may be switched off or hold something else; then there is no draft.
    return null;
  }
}

function writeDraft(place: string, draft: Draft | null): void {
  try {
    if (draft) sessionStorage.setItem(keyOf(place), JSON.stringify(draft));
    else sessionStorage.removeItem(keyOf(place));
  } catch {
    // Without storage the form works all the same; only a reload loses it.
    return;
  }
}

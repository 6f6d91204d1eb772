"use client";

import { useRouter } from "next/navigation";
import { EnabledSwitch } from "./enabled-switch.tsx";
import { KeyManagerMenu } from "./key-manager-menu.tsx";
import type { KeyManagerActions } from "./key-manager-table.tsx";
import { tenantPlace, type KeyManagerPlace } from "./place.ts";

type HeaderActionsProps = KeyManagerActions & {
  of?: KeyManagerPlace;
  item: {
    id: string;
    name: string;
    displayName: string;
    enabled: boolean;
    revision: number;
    permanent: boolean;
    usage: { apis: number; applications: number };
  };
};

/** Switch and menu on top of a key manager's own pages. */
export function KeyManagerHeaderActions({
  item,
  setEnabled,
  previewDisable,
  remove,
  of = tenantPlace,
}: HeaderActionsProps) {
  const router = useRouter();
  return (
    <>
      <EnabledSwitch keyManager={item} setEnabled={setEnabled} previewDisable={previewDisable} label="Enabled" />
      <KeyManagerMenu item={item} remove={remove} of={of} onRemoved={() => router.push(of.base)} />
    </>
  );
}

"use client";

import { useRouter } from "next/navigation";
import { EnabledSwitch } from "./enabled-switch.tsx";
import { KeyManagerMenu } from "./key-manager-menu.tsx";
import type { KeyManagerActions } from "./key-manager-table.tsx";

type HeaderActionsProps = KeyManagerActions & {
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
export function KeyManagerHeaderActions({ item, setEnabled, previewDisable, remove }: HeaderActionsProps) {
  const router = useRouter();
  return (
    <>
      <EnabledSwitch keyManager={item} setEnabled={setEnabled} previewDisable={previewDisable} label="Enabled" />
      <KeyManagerMenu item={item} remove={remove} onRemoved={() => router.push("/admin/key-managers")} />
    </>
  );
}

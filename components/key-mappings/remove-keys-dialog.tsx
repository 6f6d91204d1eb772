"use client";

import { toast } from "sonner";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import type { KeysView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";
import type { HandedBack } from "./replaced-token.tsx";

type RemoveKeysDialogProps = {
  keys: KeysView;
  remove: KeysActions["remove"];
  /** Drops our record although something may be left at the key manager. */
  forget?: boolean;
  /** Shows what manages a client whose keys are gone: there is no other copy. */
  handBack: (handedBack: HandedBack) => void;
  open: boolean;
  onOpenChange: (open: boolean) => void;
};

/** Asks before keys are removed, in the words that fit what will happen. */
export function RemoveKeysDialog({
  keys,
  remove,
  handBack,
  forget = false,
  open,
  onOpenChange,
}: RemoveKeysDialogProps) {
  const { title, description, confirmLabel } = wordsFor(keys, forget);
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={title}
      description={description}
      confirmLabel={confirmLabel}
      onConfirm={async () => {
        const result = await remove({ id: keys.id, forget });
        if (!result.ok) return result;
        if (result.value.outcome === "finishing") {
          toast.warning(result.value.message);
          return result;
        }
        toast.success("The keys are removed.");
        const { registrationToken } = result.value;
        if (registrationToken) {
          const message = `${keys.keyManager.displayName} may have replaced the registration access token that you entered. This is the one that it gave out last.`;
          handBack({ kind: "removed", message, registrationToken });
        }
        return result;
      }}
    />
  );
}

function wordsFor({ mode, state, operation, standsAtServer, keyManager }: KeysView, forget: boolean) {
  const name = keyManager.displayName;
  if (forget) {
    return {
      title: "Forget these keys?",
      description: `Our record goes. Whatever may stand at ${name} stays there until somebody deletes it there.`,
      confirmLabel: "Forget keys",
    };
  }
  if (state === "FAILED") {
    return {
      title: "Discard this attempt?",
      description: `Nothing was registered at ${name}.`,
      confirmLabel: "Discard attempt",
    };
  }
  if (mode === "MAPPED") {
    return {
      title: "Remove these keys?",
      description: `Gateways refuse their tokens from now on. The client itself was made at ${name} and stays there.`,
      confirmLabel: "Remove keys",
    };
  }
  if (!standsAtServer) {
    return {
      title: "Remove these keys?",
      description: `Only our record goes. The client at ${name} belongs to other keys and stays.`,
      confirmLabel: "Remove keys",
    };
  }
  if (operation?.kind === "register") {
    return {
      title: "Undo this attempt?",
      description: `We look for what the attempt has left at ${name}, and delete it.`,
      confirmLabel: "Undo attempt",
    };
  }
  return {
    title: "Remove these keys?",
    description: `Gateways refuse their tokens from now on, and the client is deleted at ${name}. This cannot be undone.`,
    confirmLabel: "Remove keys",
  };
}

import { useWatch } from "react-hook-form";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { RadioField, SecretField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter } from "#components/ui/dialog.tsx";
import type { ListedKeys } from "#lib/features/key-mappings/contract.ts";
import { RevokeTokenInput, type RevokedTokenView } from "#lib/features/revocations/contract.ts";
import type { KeysActions } from "./actions.ts";

type RevokeTokenDialogProps = {
  keys: ListedKeys;
  revoke: KeysActions["revokeToken"];
  open: boolean;
  onOpenChange: (open: boolean) => void;
};

/** Revokes one token that these keys got (RFC 7009), at gateways and at the key manager. */
export function RevokeTokenDialog({ keys, revoke, open, onOpenChange }: RevokeTokenDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Revoke a token"
        description={`One that these keys got from ${keys.keyManager.displayName}. This cannot be undone; new ones can be had at once.`}
      >
        <RevokeTokenForm keys={keys} revoke={revoke} close={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

type RevokeTokenFormProps = Pick<RevokeTokenDialogProps, "keys" | "revoke"> & { close: () => void };

function RevokeTokenForm({ keys: { id, keyManager }, revoke, close }: RevokeTokenFormProps) {
  const { displayName, cannotRevoke } = keyManager;
  const form = useActionForm<RevokeTokenInput, RevokedTokenView>({
    schema: RevokeTokenInput,
    action: revoke,
    defaultValues: { id, kind: "access_token", token: "" },
    onSuccess: (revoked) => {
      tell(revoked, displayName);
      close();
    },
  });
  const kind = useWatch({ control: form.methods.control, name: "kind" });
  return (
    <ActionForm form={form} label="Revoke a token">
      <RadioField
        name="kind"
        label="What it is"
        options={[
          {
            value: "access_token",
            label: "Access token",
            help: `Gateways refuse it within five seconds. ${cannotRevoke.access_token ?? `${displayName} ends it too.`}`,
          },
          {
            value: "refresh_token",
            label: "Refresh token",
            help: cannotRevoke.refresh_token ?? `${displayName} ends it: nobody gets an access token for it any more.`,
            disabled: cannotRevoke.refresh_token !== undefined,
          },
        ]}
      />
      <SecretField
        name="token"
        label={kind === "refresh_token" ? "Refresh token" : "Access token"}
        multiline
        help={
          kind === "refresh_token"
            ? "It is sent on, and not stored."
            : "It is not stored. What stays of it is its id, where it has one, and its digest."
        }
      />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton variant="danger">Revoke token</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

function tell({ atGateways, atKeyManager }: RevokedTokenView, displayName: string): void {
  // Of a token that it never knew, a server says the same (RFC 7009 §2.2).
  if (!atGateways) toast.success(`${displayName} does not take this token any more.`);
  else if (atKeyManager === true) {
    toast.success(`Revoked at ${displayName}. Gateways refuse it within five seconds.`);
  } else toast.warning(`Gateways refuse it within five seconds. ${atKeyManager}`);
}

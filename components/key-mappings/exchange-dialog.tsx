import { Dialog, DialogContent } from "#components/ui/dialog.tsx";
import type { SubscribedScopeView } from "#lib/features/applications/contract.ts";
import type { ListedKeys } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";
import { ExchangeForm } from "./exchange-panel.tsx";

type ExchangeDialogProps = {
  keys: ListedKeys;
  scopes: readonly SubscribedScopeView[];
  exchange: KeysActions["exchangeToken"];
  open: boolean;
  onOpenChange: (open: boolean) => void;
};

/** Exchanges another server's token at the key manager of these keys (RFC 8693). */
export function ExchangeDialog({ keys, scopes, exchange, open, onOpenChange }: ExchangeDialogProps) {
  const { displayName } = keys.keyManager;
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title={`Exchange a token at ${displayName}`}
        description={`${displayName} takes a token that it trusts and issues one of its own for the same subject (RFC 8693).`}
        size="md"
      >
        <ExchangeForm
          source={displayName}
          exchangers={[keys]}
          first={keys}
          scopes={scopes}
          exchange={exchange}
          asksAudience
        />
      </DialogContent>
    </Dialog>
  );
}

import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter } from "#components/ui/dialog.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { ApplicationDetailView } from "#lib/features/applications/contract.ts";
import { keyTypeLabels } from "#lib/features/key-mappings/contract.ts";

type RemoveKeysFirstProps = {
  application: Pick<ApplicationDetailView, "id" | "name" | "removeFirst">;
  open: boolean;
  onOpenChange: (open: boolean) => void;
};

/** Why an application cannot be deleted yet, with the way to each of the keys that keep it. */
export function RemoveKeysFirst({ application, open, onOpenChange }: RemoveKeysFirstProps) {
  const { id, name, removeFirst } = application;
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title={`${name} cannot be deleted yet`}
        description="Some of its mapped keys hold a registration access token that may exist nowhere else. Remove these keys first: that gives the token back."
        size="sm"
      >
        <ul className="flex flex-col gap-1.5">
          {removeFirst.map(({ keyManagerName, keyType }) => (
            <li key={`${keyType} ${keyManagerName}`}>
              <TextLink
                href={`/developer/applications/${id}/keys/${keyType.toLowerCase()}`}
                onClick={() => onOpenChange(false)}
              >
                {keyTypeLabels[keyType]} keys at {keyManagerName}
              </TextLink>
            </li>
          ))}
        </ul>
        <DialogFooter>
          <DialogClose asChild>
            <Button>Close</Button>
          </DialogClose>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

import type { Asked } from "#components/key-managers/answering-notice.tsx";
import { ThePath } from "#components/path/path.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import type { SubscribedScopeView } from "#lib/features/applications/contract.ts";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";
import type { ListedKeys } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions, KeysPlace } from "./actions.ts";
import { KeysCard, type KeysCardProps } from "./keys-card.tsx";

type KeysBoardProps = {
  place: KeysPlace;
  /** Those that the developer may get keys from now. */
  keyManagers: readonly UsableKeyManager[];
  keys: readonly ListedKeys[];
  /** Whether key managers answer, by their ids. */
  asked: Readonly<Record<string, Asked>>;
  scopes: readonly SubscribedScopeView[];
  actions: KeysActions;
};

/**
 * A card for each key manager by name, also for one that holds keys and is no longer usable. The order does
 * not depend on who has keys, so a card stays where it is while it changes.
 */
export function KeysBoard({ place, keyManagers, keys, asked, scopes, actions }: KeysBoardProps) {
  const cards = new Map<string, Pick<KeysCardProps, "keyManager" | "keys"> & { name: string }>();
  for (const keyManager of keyManagers) {
    cards.set(keyManager.id, { name: keyManager.displayName, keyManager, keys: null });
  }
  for (const view of keys) {
    const { id, displayName: name } = view.keyManager;
    cards.set(id, { name, keyManager: cards.get(id)?.keyManager ?? null, keys: view });
  }
  const exchangers = keys.filter(({ can, keyManager }) => can.exchangeToken && keyManager.permanent);
  if (cards.size === 0) {
    return (
      <EmptyState
        picture={<ThePath nodes={[{}, { missing: true }, {}]} links={["missing", "unknown"]} />}
        title="No key manager is in use"
        description="Keys come from a key manager. Ask an administrator of this tenant to connect or enable one."
      />
    );
  }
  return (
    <div className="flex flex-col gap-5">
      {[...cards]
        .sort(([, one], [, other]) => one.name.localeCompare(other.name))
        .map(([id, card]) => (
          <KeysCard
            key={id}
            place={place}
            keyManager={card.keyManager}
            keys={card.keys}
            asked={asked[id] ?? null}
            scopes={scopes}
            exchangers={exchangers}
            actions={actions}
          />
        ))}
    </div>
  );
}

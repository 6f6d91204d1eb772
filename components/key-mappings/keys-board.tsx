import { ThePath } from "#components/path/path.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import type { SubscribedScopeView } from "#lib/features/applications/contract.ts";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";
import type { KeysView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions, KeysPlace } from "./actions.ts";
import { KeysCard } from "./keys-card.tsx";

type KeysBoardProps = {
  place: KeysPlace;
  /** Those that the developer may get keys from now. */
  keyManagers: readonly UsableKeyManager[];
  keys: readonly KeysView[];
  scopes: readonly SubscribedScopeView[];
  actions: KeysActions;
};

/** A card for each key manager: those with keys first, also where the key manager is no longer usable. */
export function KeysBoard({ place, keyManagers, keys, scopes, actions }: KeysBoardProps) {
  const usable = new Map(keyManagers.map((keyManager) => [keyManager.id, keyManager]));
  const held = new Set(keys.map(({ keyManager }) => keyManager.id));
  const free = keyManagers.filter(({ id }) => !held.has(id));
  if (keys.length === 0 && free.length === 0) {
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
      {keys.map((view) => (
        <KeysCard
          key={view.keyManager.id}
          place={place}
          keyManager={usable.get(view.keyManager.id) ?? null}
          keys={view}
          scopes={scopes}
          actions={actions}
        />
      ))}
      {free.map((keyManager) => (
        <KeysCard
          key={keyManager.id}
          place={place}
          keyManager={keyManager}
          keys={null}
          scopes={scopes}
          actions={actions}
        />
      ))}
    </div>
  );
}

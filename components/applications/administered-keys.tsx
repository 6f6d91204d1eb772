import { Badge } from "#components/ui/badge.tsx";
import { Monogram } from "#components/ui/monogram.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { RefreshWhile } from "#components/ui/refresh-while.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { AdministeredKeys as Keys } from "#lib/features/applications/contract.ts";
import { keyStateLabels, keyTypeLabels } from "#lib/features/key-mappings/contract.ts";

/** Milliseconds between looks while a key manager is being told a new owner, and while it refuses one. */
const lookEveryMs = { changing: 4_000, refused: 30_000 };

/** The keys of somebody's application, and whether their clients belong to its owner at the key managers too. */
export function AdministeredKeys({ keySets }: { keySets: readonly Keys[] }) {
  const follows = keySets.some(({ owner }) => owner !== null);
  const behind = keySets.filter(({ owner }) => owner && !owner.isKnown);
  const isChanging = behind.some(({ owner }) => owner?.problem === null);
  return (
    <>
      <RefreshWhile active={behind.length > 0} everyMs={isChanging ? lookEveryMs.changing : lookEveryMs.refused} />
      {problemsOf(behind).map(({ displayName, problem }) => (
        <Notice key={displayName} tone="warn" title={`${displayName} does not know the new owner yet`}>
          <p>{problem}</p>
          <p>The keys work. It is tried again in the background.</p>
        </Notice>
      ))}
      <Table label="Keys at key managers">
        <TableHead>
          <TableRow>
            <TableHeader>Key manager</TableHeader>
            <TableHeader className="max-sm:hidden">Key type</TableHeader>
            <TableHeader>State</TableHeader>
            {follows && <TableHeader className="max-sm:hidden">Owner there</TableHeader>}
          </TableRow>
        </TableHead>
        <TableBody>
          {keySets.map(({ id, keyManager, keyType, isMapped, state, owner }) => (
            <TableRow key={id}>
              <TableHeader scope="row">
                <span className="flex min-w-0 items-center gap-2">
                  <Monogram text={keyManager.monogram} />
                  <span className="min-w-0">
                    <TextLink href={`/admin/key-managers/${keyManager.id}`}>{keyManager.displayName}</TextLink>
                    <span className="text-muted block text-sm font-normal sm:hidden">{keyTypeLabels[keyType]}</span>
                  </span>
                </span>
              </TableHeader>
              <TableCell className="max-sm:hidden">{keyTypeLabels[keyType]}</TableCell>
              <TableCell>
                <span className="flex flex-wrap gap-1">
                  <Badge tone={state === "ACTIVE" ? "good" : "warn"}>{keyStateLabels[state]}</Badge>
                  {isMapped && <Badge icon={null}>Mapped client</Badge>}
                </span>
                {owner && (
                  <span className="mt-1 block text-sm sm:hidden">
                    <span className="text-muted">Owner there:</span> <OwnerThere owner={owner} />
                  </span>
                )}
              </TableCell>
              {follows && (
                <TableCell className="max-sm:hidden">
                  <OwnerThere owner={owner} />
                </TableCell>
              )}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </>
  );
}

/** Each reason once, though production and sandbox keys of one key manager may share it. */
function problemsOf(behind: readonly Keys[]): { displayName: string; problem: string }[] {
  const told = new Map<string, string>();
  for (const { owner, keyManager } of behind) if (owner?.problem) told.set(keyManager.displayName, owner.problem);
  return [...told].map(([displayName, problem]) => ({ displayName, problem }));
}

function OwnerThere({ owner }: Pick<Keys, "owner">) {
  if (!owner) return <span className="text-muted">Not concerned</span>;
  if (owner.isKnown) return <Badge tone="good">The same</Badge>;
  return owner.problem === null ? (
    <Badge tone="accent">Being changed</Badge>
  ) : (
    <Badge tone="bad">Not changed yet</Badge>
  );
}

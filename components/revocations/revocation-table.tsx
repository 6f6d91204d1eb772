import { Identifier } from "#components/ui/identifier.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import { keyTypeLabels } from "#lib/features/key-mappings/contract.ts";
import type { RevocationView } from "#lib/features/revocations/contract.ts";

const kinds: Record<RevocationView["kind"], { label: string; value: string }> = {
  TOKEN_ID: { label: "One token, by its id", value: "token id" },
  TOKEN_DIGEST: { label: "One token, by its digest", value: "digest" },
  CONSUMER_KEY: { label: "All of a consumer key", value: "consumer key" },
  SUBJECT: { label: "All of a subject", value: "subject" },
};

/** What gateways refuse although it has not expired. Without the room for columns all but the moment stands below the name. */
export function RevocationTable({ items }: { items: readonly RevocationView[] }) {
  return (
    <Table label="Revocations">
      <TableHead>
        <TableRow>
          <TableHeader>Tokens</TableHeader>
          <TableHeader className="max-lg:hidden">Issued by</TableHeader>
          <TableHeader className="max-lg:hidden">Issued before</TableHeader>
          <TableHeader className="max-lg:hidden">Revoked by</TableHeader>
          <TableHeader>Revoked</TableHeader>
          <TableHeader className="max-lg:hidden">Kept until</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {items.map((item) => (
          <TableRow key={item.id} className="max-lg:align-top">
            <TableHeader scope="row" className="max-lg:w-full max-lg:max-w-0">
              <span className="flex min-w-0 flex-col">
                {kinds[item.kind].label}
                <span className="text-muted max-w-64 font-normal">
                  <Identifier value={item.value} label={kinds[item.kind].value} />
                </span>
                {item.kind === "CONSUMER_KEY" && <Holder holder={item.holder} />}
                <span className="text-muted mt-0.5 flex flex-col text-sm font-normal lg:hidden">
                  <span>
                    {issuerOf(item)}
                    {item.issuedBefore && (
                      <>
                        , issued up to <RelativeTime iso={item.issuedBefore} />
                      </>
                    )}
                  </span>
                  <span>
                    By {item.revokedBy ?? "the server itself"}, expires <RelativeTime iso={item.expiresAt} />
                  </span>
                </span>
              </span>
            </TableHeader>
            <TableCell className="max-lg:hidden">{issuerOf(item)}</TableCell>
            <TableCell className="text-muted max-lg:hidden">
              {item.issuedBefore ? <RelativeTime iso={item.issuedBefore} /> : "Any time"}
            </TableCell>
            <TableCell className="max-lg:hidden">{item.revokedBy ?? "The server itself"}</TableCell>
            <TableCell className="text-muted whitespace-nowrap">
              <RelativeTime iso={item.revokedAt} />
            </TableCell>
            <TableCell className="text-muted max-lg:hidden">
              <RelativeTime iso={item.expiresAt} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function issuerOf({ keyManager }: RevocationView): string {
  return keyManager ?? "A key manager that is gone";
}

/** Whom the revocation of a consumer key hits. */
function Holder({ holder }: Pick<RevocationView, "holder">) {
  if (!holder) return <span className="text-muted font-normal">No application here has it</span>;
  return (
    <span className="font-normal">
      <TextLink href={`/admin/applications/${holder.id}`}>{holder.name}</TextLink>,{" "}
      {keyTypeLabels[holder.keyType].toLowerCase()} keys
    </span>
  );
}

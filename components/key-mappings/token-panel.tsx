import { CodeBlock } from "#components/ui/code-block.tsx";
import { Fact, FactList } from "#components/ui/card.tsx";
import type { TokenView } from "#lib/features/key-mappings/contract.ts";

/** A token, in sight as long as this page is. */
export function TokenPanel({ token, title }: { token: TokenView; title: string }) {
  const { accessToken, expiresInSeconds, scopes, tokenType } = token;
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-3">
      <CodeBlock code={accessToken} label={`${title}, shown once`} wrap />
      <FactList>
        <Fact term="Type">{tokenType}</Fact>
        <Fact term="Valid for">
          {expiresInSeconds === null
            ? "The key manager did not say"
            : `${expiresInSeconds.toLocaleString("en")} seconds`}
        </Fact>
        <Fact term="Scopes">{scopes.length === 0 ? "None" : <code>{scopes.join(" ")}</code>}</Fact>
      </FactList>
    </section>
  );
}

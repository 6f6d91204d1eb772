"use client";

import { CodeBlock } from "#components/ui/code-block.tsx";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "#components/ui/tabs.tsx";
import { tokenSnippets, type SnippetInput } from "./snippets.ts";

type SnippetTabsProps = Omit<SnippetInput, "secretIn"> & {
  keyManagerName: string;
  /** Null where the client sends no secret: programs of that kind sign with a key that the portal never sees. */
  secretIn: SnippetInput["secretIn"] | null;
};

/** The request for a token, to paste into a terminal or a program. */
export function SnippetTabs({ keyManagerName, secretIn, ...rest }: SnippetTabsProps) {
  if (secretIn === null) {
    return (
      <p className="text-muted max-w-[70ch] text-sm">
        Programs with these keys send no consumer secret: they sign an assertion with the client’s own key, or show its
        certificate, at <code className="break-all">{rest.tokenEndpoint}</code>.
      </p>
    );
  }
  const input = { ...rest, secretIn };
  const snippets = tokenSnippets(input);
  const verb = input.grant === "token_exchange" ? "Exchange" : "Get";
  return (
    <section aria-label={`${verb} a token of ${keyManagerName} from a program`} className="flex min-w-0 flex-col gap-2">
      <h3 className="font-medium">From a program</h3>
      <Tabs defaultValue="curl">
        <TabsList>
          {snippets.map(({ id, label }) => (
            <TabsTrigger key={id} value={id}>
              {label}
            </TabsTrigger>
          ))}
        </TabsList>
        {snippets.map(({ id, label, code }) => (
          <TabsContent key={id} value={id}>
            <CodeBlock code={code} label={label} />
          </TabsContent>
        ))}
      </Tabs>
      {input.consumerSecret === null && (
        <p className="text-muted text-sm">
          The consumer secret is read from the environment variable <code>CONSUMER_SECRET</code>
          {input.grant === "token_exchange" && (
            <>
              , the token to exchange from <code>SUBJECT_TOKEN</code>
            </>
          )}
          .
        </p>
      )}
    </section>
  );
}

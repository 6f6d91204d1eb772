"use client";

import { useWatch } from "react-hook-form";
import { TextareaField } from "#components/form/fields.tsx";
import { Fold } from "#components/form/fold.tsx";
import { CodeBlock } from "#components/ui/code-block.tsx";
import { assertionExample } from "./assertion-example.ts";

/** For clients that authenticate with a key: a signed assertion, and how to make one. */
export function AssertionField({ tokenEndpoint }: { tokenEndpoint: string }) {
  const consumerKey = useWatch<{ consumerKey: string }>({ name: "consumerKey" });
  return (
    <Fold label="The client uses a key instead of a secret" paths={["assertion"]}>
      <p className="text-muted max-w-[68ch]">
        Leave the secret empty and sign an assertion with the client&apos;s private key (RFC 7523). <code>iss</code> and{" "}
        <code>sub</code> are the consumer key, <code>aud</code> is the token endpoint, <code>exp</code> is near, and{" "}
        <code>jti</code> is new each time. It is shown to the server once, and not stored.
      </p>
      <CodeBlock code={assertionExample({ consumerKey, tokenEndpoint })} label="Sign one with Node" />
      <TextareaField
        name="assertion"
        label="Signed assertion"
        help="Three parts with dots between them. It must not have expired or been used."
        mono
        rows={4}
        optional
      />
    </Fold>
  );
}

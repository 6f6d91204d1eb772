"use client";

import { Fragment, useId, useState } from "react";
import { useFormContext } from "react-hook-form";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { Checkbox } from "#components/ui/checkbox.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import { reached } from "#components/ui/reached.ts";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import {
  endpointLabels,
  type DiscoveryView,
  type EndpointName,
  type KeyManagerView,
  type UpdateKeyManagerInput,
} from "#lib/features/key-managers/contract.ts";
import { foreignHostsOf } from "./form-values.ts";
import { count } from "./words.ts";

type ReimportProps = {
  view: KeyManagerView;
  discover: (input: { wellKnownUrl: string }) => Promise<ActionResult<DiscoveryView>>;
};

type Difference = {
  path: "issuer" | "signingKeys" | "grantTypes" | `endpoints.${EndpointName}`;
  label: string;
  current: string;
  found: string;
  value: unknown;
  /** Why it is never taken without a tick of its own; null where taking it is the usual thing to do. */
  caution: keyof typeof cautions | null;
};

const cautions = {
  trust: { words: "decides trust", tone: "warn" },
  host: { words: "another host", tone: "warn" },
  offer: { words: "what developers may use", tone: "neutral" },
  absent: { words: "the server names none", tone: "neutral" },
} as const;

/** Reads the server again, shows what differs, and takes over what is ticked, into the form only. */
export function Reimport({ view, discover }: ReimportProps) {
  const { getValues, setValue } = useFormContext<UpdateKeyManagerInput>();
  const id = useId();
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [differences, setDifferences] = useState<Difference[] | null>(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [taken, setTaken] = useState(0);

  async function read() {
    setPending(true);
    setProblem(null);
    setDifferences(null);
    setTaken(0);
    const wellKnownUrl = getValues("wellKnownUrl") || getValues("issuer");
    const result = await reached(discover({ wellKnownUrl }));
    setPending(false);
    if (!result.ok) {
      setProblem(result.problem.message);
      return;
    }
    const found = compare(getValues(), result.value, view);
    setDifferences(found);
    setTicked(new Set(found.filter(({ caution }) => !caution).map(({ path }) => path)));
  }

  function apply() {
    for (const { path, value } of differences ?? []) {
      if (ticked.has(path)) setValue(path, value as never, { shouldDirty: true });
    }
    setDifferences(null);
    setTaken(ticked.size);
  }

  return (
    <section aria-labelledby={id} className="flex min-w-0 flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div className="min-w-0">
          <h2 id={id} className="text-base font-semibold">
            What the server says today
          </h2>
          <p className="text-muted">Read its discovery document again, and choose what to take over.</p>
        </div>
        <Button pending={pending} onClick={() => void read()}>
          Compare with the server
        </Button>
      </div>
      {problem && (
        <Notice tone="bad" title="Nothing could be read" live>
          {problem}
        </Notice>
      )}
      {differences?.length === 0 && (
        <Notice tone="good" title="Everything agrees" live>
          Nothing that the server says of itself differs from the settings.
        </Notice>
      )}
      {taken > 0 && (
        <Notice title={`${count(taken, "value")} taken into the form`} live>
          Nothing is saved before you choose “Save settings”.
        </Notice>
      )}
      {differences && differences.length > 0 && (
        <>
          <Table label="Differences" compact>
            <TableHead>
              <TableRow>
                <TableHeader>Take</TableHeader>
                <TableHeader>Field</TableHeader>
                <TableHeader className="w-1/4">Current</TableHeader>
                <TableHeader className="w-1/4">Discovered</TableHeader>
                <TableHeader className="w-1/4">Result</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {differences.map((difference) => (
                <DifferenceRow
                  key={difference.path}
                  difference={difference}
                  taken={ticked.has(difference.path)}
                  onTake={(take) => {
                    const next = new Set(ticked);
                    if (take) next.add(difference.path);
                    else next.delete(difference.path);
                    setTicked(next);
                  }}
                />
              ))}
            </TableBody>
          </Table>
          <div className="flex flex-wrap items-center gap-2">
            <Button onClick={apply} disabled={ticked.size === 0}>
              Take over {count(ticked.size, "value")}
            </Button>
            <Button variant="ghost" onClick={() => setDifferences(null)}>
              Keep everything
            </Button>
            <span className="text-muted text-sm">Saved only with “Save settings”.</span>
          </div>
        </>
      )}
    </section>
  );
}

type DifferenceRowProps = { difference: Difference; taken: boolean; onTake: (take: boolean) => void };

function DifferenceRow({ difference: { label, current, found, caution }, taken, onTake }: DifferenceRowProps) {
  return (
    <TableRow>
      <TableCell>
        <Checkbox aria-label={`Take ${label}`} checked={taken} onChange={(event) => onTake(event.target.checked)} />
      </TableCell>
      <TableHeader scope="row" className="py-1.5 text-sm">
        <span className="flex flex-col items-start gap-1">
          {label}
          {caution && (
            <Badge tone={cautions[caution].tone} {...(cautions[caution].tone === "neutral" && { icon: null })}>
              {cautions[caution].words}
            </Badge>
          )}
        </span>
      </TableHeader>
      <TableCell>
        <Value text={current} dimmed={taken} />
      </TableCell>
      <TableCell>
        <Value text={found} dimmed={!taken} />
      </TableCell>
      <TableCell>
        <Value text={taken ? found : current} />
      </TableCell>
    </TableRow>
  );
}

function Value({ text, dimmed = false }: { text: string; dimmed?: boolean }) {
  if (text === "") return <span className="text-muted">–</span>;
  return (
    <code className={`block min-w-44 text-sm [overflow-wrap:anywhere] ${dimmed ? "text-muted" : ""}`}>
      {text.split(/(?<=[^/]\/)(?=[^/])/).map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </code>
  );
}

function compare(values: UpdateKeyManagerInput, { values: found }: DiscoveryView, view: KeyManagerView): Difference[] {
  const keys = values.signingKeys;
  const differences: Difference[] = [
    {
      path: "issuer",
      label: "Issuer",
      current: values.issuer,
      found: found.issuer,
      value: found.issuer,
      caution: "trust",
    },
    {
      path: "signingKeys",
      label: "Signing keys",
      current: keys?.kind === "jwks" ? keys.url : keys?.kind === "pem" ? "pasted key" : "",
      found: found.signingKeys.kind === "jwks" ? found.signingKeys.url : "",
      value: found.signingKeys,
      caution: "trust",
    },
    {
      path: "grantTypes",
      label: "Grant types",
      current: (values.grantTypes ?? []).join(", "),
      found: found.grantTypes.join(", "),
      value: found.grantTypes,
      caution: "offer",
    },
    ...named
      .filter((name) => view.connector.endpoints[name] !== "unused")
      .map((name): Difference => endpointDifference(name, values, found)),
  ];
  return differences.filter(
    ({ path, current, found: discovered, caution }) =>
      current !== discovered && (discovered !== "" || (caution === "absent" && isOptional(path, view))),
  );
}

/** Those that a discovery document can name. Another address for people is the administrator's own choice. */
const named = ["token", "authorization", "registration", "introspection", "revocation", "userinfo"] as const;

function endpointDifference(
  name: EndpointName,
  { issuer, endpoints }: UpdateKeyManagerInput,
  found: DiscoveryView["values"],
): Difference {
  const [current, discovered] = [endpoints?.[name] ?? "", found.endpoints[name] ?? ""];
  const isForeign = foreignHostsOf(issuer, { [name]: discovered }).length > 0;
  return {
    path: `endpoints.${name}`,
    label: endpointLabels[name],
    current,
    found: discovered,
    value: discovered,
    caution: discovered === "" ? "absent" : isForeign ? "host" : null,
  };
}

function isOptional(path: Difference["path"], { connector }: KeyManagerView): boolean {
  return connector.endpoints[path.replace("endpoints.", "") as EndpointName] === "optional";
}

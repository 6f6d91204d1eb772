import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document, type Node } from "yaml";
import type { z } from "zod";
import { capabilities, endpointNames, type Capability, type Connector, type EndpointName } from "../contract.ts";
import { defineConnector } from "../define-connector.ts";
import { openDescribedAdapter } from "./adapter.ts";
import { descriptorFormat, type Descriptor } from "./format.ts";
import { formOf } from "./forms.ts";
import { namesIn, type Template } from "./template.ts";

type Problem = { path: readonly PropertyKey[]; message: string };

/**
 * Reads a connector's description.
 *
 * @param text YAML 1.2; JSON is YAML
 * @param source what to call it in messages: the file's name
 * @throws {Error} with every problem, each with its line and column
 */
export function readDescribedConnector(text: string, source: string): Connector {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new Error(
      document.errors.map(({ message, pos }) => `${place(source, lines, pos[0])}: ${message}`).join("\n"),
    );
  }
  const complain = (problems: readonly Problem[]): never => {
    throw new Error(
      problems
        .map(({ path, message }) => {
          const where = path.length > 0 ? ` ${path.map(String).join(".")}` : "";
          return `${place(source, lines, offsetOf(document, path))}:${where}: ${message}`;
        })
        .join("\n"),
    );
  };
  const parsed = descriptorFormat.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) return complain(parsed.error.issues.map(toProblem));
  const problems = [...nameProblems(parsed.data), ...missingProblems(parsed.data)];
  if (problems.length > 0) complain(problems);
  return toConnector(parsed.data);
}

function toProblem({ path, message, ...issue }: z.core.$ZodIssue): Problem {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  return unknown === undefined ? { path, message } : { path: [...path, unknown], message: "This is not known here." };
}

function place(source: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${source}:${String(line)}:${String(col)}`;
}

/** Where a value begins; for one that is missing, where the object that lacks it begins. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const steps = path.slice(0, length).map((step) => (typeof step === "symbol" ? String(step) : step));
    const parent = document.getIn(steps.slice(0, -1), true);
    const last = steps.at(-1);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
      const start = isPair(pair) ? (pair.key as Node).range?.[0] : undefined;
      if (start !== undefined) return start;
    }
    const node = document.getIn(steps, true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}

/** Placeholders that name nothing. */
function nameProblems(descriptor: Descriptor): Problem[] {
  const general = [
    "issuer",
    ...endpointNames.map((name) => `endpoints.${name}`),
    ...descriptor.connection.map(({ name }) => `connection.${name}`),
  ];
  const ofClient = ["name", "marker", "grantTypes", "redirectUris"].map((name) => `client.${name}`);
  const ofSettings = descriptor.client.map(({ name }) => `client.settings.${name}`);
  const ofRef = ["consumerKey", "consumerSecret", "vendorId"].map((name) => `ref.${name}`);
  const spec = [...ofClient, ...ofSettings];
  const known: [path: string[], template: unknown, names: string[]][] = [];
  const { administration } = descriptor;
  if (administration) {
    const { base, headers, session, clients } = administration;
    const root = ["administration"];
    known.push([[...root, "base"], base, general], [[...root, "headers"], headers, general]);
    known.push([[...root, "session"], session, general]);
    if (clients) {
      const at = (name: string) => [...root, "clients", name, "request"];
      known.push([at("register"), clients.register.request, [...general, ...spec]]);
      known.push([at("read"), clients.read.request, [...general, ...ofRef]]);
      known.push([at("update"), clients.update.request, [...general, ...spec, ...ofRef]]);
      known.push([at("delete"), clients.delete.request, [...general, ...ofRef]]);
      known.push([at("find"), clients.find?.request, [...general, "marker"]]);
      known.push([at("rotateSecret"), clients.rotateSecret?.request, [...general, ...ofRef]]);
    }
  }
  known.push([["introspectionClient"], descriptor.introspectionClient, general]);
  return known.flatMap(([path, template, names]) => unknownNames(template, path, new Set(names)));
}

function unknownNames(template: unknown, path: readonly PropertyKey[], names: ReadonlySet<string>): Problem[] {
  if (typeof template === "object" && template !== null) {
    return Object.entries(template).flatMap(([name, member]) =>
      unknownNames(member, [...path, Array.isArray(template) ? Number(name) : name], names),
    );
  }
  return namesIn((template ?? null) as Template)
    .filter((name) => !names.has(name))
    .map((name) => ({ path, message: `{${name}} names nothing here. Known are: ${[...names].join(", ")}.` }));
}

/** What the description provides. */
function capabilitiesOf({ standard, administration }: Descriptor): Capability[] {
  const clients = administration?.clients;
  return [
    ...standard,
    ...(clients ? (["registerClient"] as const) : []),
    ...(clients?.find ? (["findClients"] as const) : []),
    ...(clients?.rotateSecret ? (["rotateSecret"] as const) : []),
  ];
}

const notDescribed: Partial<Record<Capability, string>> = {
  secrets: "A described connector manages one secret for each client.",
  scopes: "A described connector does not manage scopes.",
  changeOwner: "A described connector names no owner to the server.",
};

function missingProblems(descriptor: Descriptor): Problem[] {
  const provided = capabilitiesOf(descriptor);
  const lacking = capabilities.filter(
    (name) => !provided.includes(name) && !(name in descriptor.missing) && !(name in notDescribed),
  );
  const wrong = Object.keys(descriptor.missing).filter((name) => !capabilities.includes(name as Capability));
  return [
    ...lacking.map((name) => ({
      path: ["missing"],
      message: `Say why “${name}” is missing, in a sentence for people.`,
    })),
    ...wrong.map((name) => ({ path: ["missing", name], message: `There is no ability of this name.` })),
    ...provided
      .filter((name) => name in descriptor.missing)
      .map((name) => ({ path: ["missing", name], message: "The description provides this, so it is not missing." })),
  ];
}

function toConnector(descriptor: Descriptor): Connector {
  const { id, name, monogram, summary, grantTypes, trust, consumerSecrets, lifetimesPerClient } = descriptor;
  const provided = capabilitiesOf(descriptor);
  const lacking = capabilities.filter((capability) => !provided.includes(capability));
  const uses = endpointNames.map((endpoint) => [endpoint, descriptor.endpoints[endpoint] ?? "unused"] as const);
  return defineConnector({
    ...{ id, name, monogram, summary, grantTypes, trust, lifetimesPerClient },
    guide: { markdown: descriptor.guide },
    connection: formOf(descriptor.connection),
    client: formOf(descriptor.client),
    endpoints: Object.fromEntries(uses) as Record<EndpointName, "required" | "optional" | "unused">,
    capabilities: provided,
    missing: Object.fromEntries(
      lacking.map((capability) => [capability, descriptor.missing[capability] ?? notDescribed[capability] ?? ""]),
    ),
    consumerSecrets: { atOnce: 1, ...consumerSecrets },
    open: (settings, dependencies) => openDescribedAdapter(descriptor, settings, dependencies),
  });
}

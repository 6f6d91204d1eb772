import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document, type Node } from "yaml";
import type { z } from "zod";
import { tokenKinds } from "#lib/protocol/token-kind.ts";
import {
  capabilities,
  endpointNames,
  presetParts,
  type Capability,
  type Connector,
  type ConsumerSecretTraits,
  type EndpointName,
} from "../contract.ts";
import { defineConnector } from "../define-connector.ts";
import { openDescribedAdapter } from "./adapter.ts";
import { descriptorFormat, type Descriptor } from "./format.ts";
import { formOf, withoutUndefined } from "./forms.ts";
import { canExpire } from "./secrets.ts";
import { namesIn, type Template } from "./template.ts";

type Problem = { path: readonly PropertyKey[]; message: string };

/**
 * Reads a connector's description.
 *
 * @param text YAML 1.2 with merge keys (`<<`); JSON is YAML
 * @param source what to call it in messages: the file's name
 * @throws {Error} with every problem, each with its line and column
 */
export function readDescribedConnector(text: string, source: string): Connector {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
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
  const problems = [
    ...nameProblems(parsed.data),
    ...missingProblems(parsed.data),
    ...revocationProblems(parsed.data),
    ...presetProblems(parsed.data),
  ];
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
  const chosen = presetParts.filter((part) => descriptor.preset[part]).map((part) => `client.${part}`);
  const ofRef = ["consumerKey", "consumerSecret", "vendorId"].map((name) => `ref.${name}`);
  const spec = [...ofClient, ...ofSettings];
  const known: [path: string[], template: unknown, names: string[]][] = [];
  const { administration } = descriptor;
  if (administration) {
    const { base, headers, session, clients, scopes } = administration;
    const root = ["administration"];
    known.push([[...root, "base"], base, general], [[...root, "headers"], headers, general]);
    known.push([[...root, "session"], session, general]);
    if (clients) {
      const at = (name: string) => [...root, "clients", name, "request"];
      known.push([at("register"), clients.register.request, [...general, ...spec, ...chosen]]);
      known.push([at("read"), clients.read.request, [...general, ...ofRef]]);
      known.push([at("update"), clients.update.request, [...general, ...spec, ...ofRef]]);
      known.push([at("delete"), clients.delete.request, [...general, ...ofRef]]);
      known.push([at("find"), clients.find?.request, [...general, "marker"]]);
      known.push([at("rotateSecret"), clients.rotateSecret?.request, [...general, ...ofRef]]);
      const secrets = (name: string) => [...root, "clients", "secrets", name, "request"];
      known.push([secrets("list"), clients.secrets?.list.request, [...general, ...ofRef]]);
      known.push([secrets("add"), clients.secrets?.add.request, [...general, ...ofRef, "secret.expiresAt"]]);
      known.push([secrets("remove"), clients.secrets?.remove.request, [...general, ...ofRef, "secret.id"]]);
    }
    if (scopes) {
      const at = (name: string) => [...root, "scopes", name, "request"];
      const ofScope = ["scope.name", "scope.description"];
      known.push([at("list"), scopes.list.request, general]);
      known.push([at("create"), scopes.create.request, [...general, ...ofScope]]);
      known.push([at("update"), scopes.update.request, [...general, ...ofScope]]);
      known.push([at("remove"), scopes.remove.request, [...general, "scope.name"]]);
      known.push([at("grant"), scopes.grant.request, [...general, ...ofRef, "scopes"]]);
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

/** A chosen identity that never reaches the server, or whose client could not be found again. */
function presetProblems({ preset, administration }: Descriptor): Problem[] {
  const { register, find } = administration?.clients ?? {};
  return presetParts
    .filter((part) => preset[part])
    .flatMap((part): Problem[] => {
      const path = ["preset", part];
      if (!register || !find) return [{ path, message: "A chosen identity needs clients that can be made and found." }];
      const { path: address, headers, body } = register.request;
      const names = namesIn([address, { ...headers }, body ?? null]);
      if (names.includes(`client.${part}`)) return [];
      return [{ path, message: `Send it: {client.${part}} stands nowhere in the request that registers a client.` }];
    });
}

/** What the description provides. */
function capabilitiesOf({ standard, administration }: Descriptor): Capability[] {
  const clients = administration?.clients;
  return [
    ...standard,
    ...(clients ? (["registerClient"] as const) : []),
    ...(clients?.find ? (["findClients"] as const) : []),
    ...(clients?.rotateSecret ? (["rotateSecret"] as const) : []),
    ...(clients?.secrets ? (["secrets"] as const) : []),
    ...(administration?.scopes ? (["scopes"] as const) : []),
  ];
}

const notDescribed: Partial<Record<Capability, string>> = {
  secrets: "The connector's description names one secret for each client.",
  scopes: "The connector's description names no calls for scopes.",
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

function revocationProblems({ standard, cannotRevoke }: Descriptor): Problem[] {
  const kinds = tokenKinds.filter((kind) => cannotRevoke[kind] !== undefined);
  if (kinds.length === 0) return [];
  const path = ["cannotRevoke"];
  if (!standard.includes("revokeToken")) {
    return [{ path, message: "Nothing is revoked here: say why under “missing”, as “revokeToken”." }];
  }
  if (kinds.length < tokenKinds.length) return [];
  return [{ path, message: "A server that ends no kind of token revokes none: leave “revokeToken” out." }];
}

function toConnector(descriptor: Descriptor): Connector {
  const { id, name, monogram, summary, grantTypes, trust, preset, cannotRevoke, lifetimesPerClient } = descriptor;
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
    ...(Object.keys(cannotRevoke).length > 0 && { cannotRevoke: withoutUndefined(cannotRevoke) }),
    ...(Object.keys(preset).length > 0 && { preset: withoutUndefined(preset) }),
    consumerSecrets: secretTraits(descriptor),
    open: (settings, dependencies) => openDescribedAdapter(descriptor, settings, dependencies),
  });
}

function secretTraits({ consumerSecrets, administration }: Descriptor): ConsumerSecretTraits {
  const { overlapSeconds, readable, atOnce = null } = consumerSecrets;
  const secrets = administration?.clients?.secrets;
  if (!secrets) return { atOnce: 1, overlapSeconds, readable };
  return { atOnce, overlapSeconds, readable, ...(!canExpire(secrets) && { canExpire: false }) };
}

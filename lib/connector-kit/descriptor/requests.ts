/** Described requests, filled with what they are about. */
import type { Administration, AdministrationRequest } from "../administration.ts";
import type { ClientRef, ClientSpec, ScopeDefinition } from "../contract.ts";
import type { DescribedRequest } from "./format.ts";
import { at, fill, fillInto, type Values } from "./template.ts";
import { unreadable, type Answer } from "#lib/protocol/exchange.ts";

/** What placeholders may name beside the connection; which of it there is, depends on the call. */
export type Subject = {
  ref?: ClientRef;
  spec?: ClientSpec;
  marker?: string;
  scope?: Partial<ScopeDefinition>;
  scopes?: readonly string[];
  /** One of a client's secrets, and when a new one is to end. */
  secret?: { id?: string; expiresAt?: string };
};

export type Requests = {
  api: Administration;
  /** The request that a description stands for. */
  of(described: DescribedRequest, subject: Subject, doing: string): AdministrationRequest;
};

const asIs = (text: string) => text;

/**
 * Opens the requests of a description.
 *
 * @param context.values what every placeholder may name: the connection, the issuer, the endpoints
 * @param context.grantTypeNames how the server calls grant types
 */
export function openRequests(
  api: Administration,
  { values, grantTypeNames }: { values: Values; grantTypeNames: Readonly<Record<string, string>> },
): Requests {
  return {
    api,
    of({ method, path, headers = {}, body }, subject, doing) {
      const all: Values = { ...values, ...valuesOf(subject, grantTypeNames) };
      const chosen = subject.spec?.consumerSecret;
      return {
        method,
        path: fillInto(path, all, encodeURIComponent),
        doing,
        headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, fillInto(text, all, asIs)])),
        ...(body !== undefined && { body: fill(body, all) }),
        ...(chosen && { secrets: [chosen] }),
      };
    },
  };
}

function valuesOf({ spec, ...subject }: Subject, names: Readonly<Record<string, string>>): Values {
  return {
    ...subject,
    ...(spec && {
      client: { ...spec, grantTypes: spec.grantTypes.map((grantType) => names[grantType] ?? grantType) },
    }),
  };
}

/**
 * The list at a place of an answer; an empty pointer is the answer itself.
 *
 * @throws {ConnectorError} `bad_response` where there is none
 */
export function listAt(answer: Answer, pointer: string, doing: string): unknown[] {
  const list = pointer === "" ? answer.json : at(answer.json, pointer);
  if (Array.isArray(list)) return list;
  throw unreadable(answer, doing, "holds no list");
}

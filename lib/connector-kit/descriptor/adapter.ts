/** The adapter of a described connector: its requests are filled, sent, and their answers read where it says. */
import { z } from "zod";
import { isSecret, Secret } from "#lib/foundation/secret.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import { unreadable, type Answer } from "#lib/protocol/exchange.ts";
import { scrub } from "#lib/protocol/reason.ts";
import type { TokenKind } from "#lib/protocol/token-kind.ts";
import { openAdministration, unlessAbsent, type Administration } from "../administration.ts";
import type {
  ClientLifecycle,
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  KeyManagerAdapter,
  KeyManagerSettings,
  RegisteredClient,
} from "../contract.ts";
import { ConnectorError, isConnectorError, restated, withCredentials } from "../errors.ts";
import { probe } from "../probe.ts";
import { basicAuthorization, bearerSession } from "../sign-in.ts";
import { openStandardAdapter } from "../standard-adapter.ts";
import type { ClientAnswer, Descriptor } from "./format.ts";
import { listAt, openRequests, type Requests, type Subject } from "./requests.ts";
import { openDescribedScopes } from "./scopes.ts";
import { openDescribedSecrets } from "./secrets.ts";
import { at, fillInto, type Values } from "./template.ts";

type Connection = Record<string, unknown>;
type Described = NonNullable<Descriptor["administration"]>;
type Clients = NonNullable<Described["clients"]>;

const asIs = (text: string) => text;
const key = z.string().min(1).max(1_000);
const texts = z.array(z.string().max(2_048)).max(500);

/** Opens a described connector on one key manager. */
export function openDescribedAdapter(
  descriptor: Descriptor,
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): KeyManagerAdapter {
  const { administration } = descriptor;
  const values = { connection: settings.connection, issuer: settings.issuer, endpoints: settings.endpoints };
  const standard = standardPart(descriptor, settings, dependencies);
  if (!administration) return standard;
  const api = openApi(descriptor, administration, { values, dependencies });
  const requests = openRequests(api, { values, grantTypeNames: descriptor.grantTypeNames });
  return { ...standard, ...administrationPart(descriptor, administration, requests) };
}

/** What the standards do, at the endpoints of the form. */
function standardPart(
  descriptor: Descriptor,
  { connection, endpoints, issuer }: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): KeyManagerAdapter {
  const values = { connection, issuer, endpoints };
  const asker = descriptor.introspectionClient;
  const all = openStandardAdapter<Record<string, unknown>>(
    {
      endpoints,
      authoriseRegistration: () => Promise.resolve(undefined),
      introspectionClient: asker && {
        method: "client_secret_basic",
        clientId: fillInto(asker.clientId, values, asIs),
        clientSecret: new Secret(fillInto(asker.clientSecret, values, asIs)),
      },
      toMetadata: () => ({}),
      toSettings: () => ({}),
    },
    dependencies,
  );
  const provided = {
    ...all,
    async revokeToken(client: ClientRef, token: Secret, kind: TokenKind) {
      const reason = descriptor.cannotRevoke[kind];
      if (reason !== undefined) throw new ConnectorError("unsupported", reason);
      return all.revokeToken(client, token, kind);
    },
  };
  return Object.fromEntries(descriptor.standard.map((name) => [name, provided[name]]));
}

function openApi(
  { name }: Descriptor,
  { base, headers, session, words, errors }: Described,
  { values, dependencies }: { values: Values; dependencies: ConnectorDependencies },
): Administration {
  const { connection } = values as { connection: Connection };
  const secrets = Object.values(connection).filter(isSecret);
  const text = (template: string) => fillInto(template, values, asIs);
  const filledHeaders = (templates: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(templates).map(([header, template]) => [header, text(template)]));

  return openAdministration(
    {
      base: text(base).replace(/\/$/, ""),
      apiName: `${name}'s API`,
      secrets,
      headers: filledHeaders(headers),
      async signIn() {
        switch (session.kind) {
          case "none":
            return { headers: {} };
          case "headers":
            return { headers: filledHeaders(session.headers) };
          case "basic": {
            const account = { username: text(session.username), password: new Secret(text(session.password)) };
            return { headers: { authorization: basicAuthorization(account) } };
          }
          case "client_credentials": {
            const credentials: ClientCredentials = {
              method: "client_secret_basic",
              clientId: text(session.clientId),
              clientSecret: new Secret(text(session.clientSecret)),
            };
            const request = { tokenEndpoint: text(session.tokenEndpoint), credentials, scopes: session.scopes ?? [] };
            return bearerSession(dependencies, request);
          }
        }
      },
      explain(error, answer) {
        const said = words === undefined ? undefined : at(answer.json, words);
        const reason = typeof said === "string" ? scrub(said, secrets) : error.reason;
        const rule = errors.find(
          ({ status, when }) => status === answer.status && (!when || at(answer.json, when.at) === when.equals),
        );
        return restated(error, {
          kind: rule?.kind,
          message: rule?.message,
          ...(reason !== undefined && { reason }),
        });
      },
    },
    dependencies,
  );
}

/** The life of clients, their secrets, and scopes: what the administration API does. */
function administrationPart(descriptor: Descriptor, described: Described, requests: Requests): KeyManagerAdapter {
  const { clients, scopes } = described;
  return {
    ...(clients && clientsPart(descriptor, clients, requests)),
    ...(scopes && { scopes: openDescribedScopes(scopes, requests) }),
  };
}

function clientsPart(
  descriptor: Descriptor,
  clients: Clients,
  requests: Requests,
): KeyManagerAdapter & ClientLifecycle {
  const { api, of } = requests;
  const names = descriptor.grantTypeNames;
  const originals = Object.fromEntries(Object.entries(names).map(([original, theirs]) => [theirs, original]));
  const { find, rotateSecret, secrets } = clients;

  function read(json: unknown, places: ClientAnswer, context: { answer: Answer; doing: string; before?: ClientRef }) {
    const client = readClient(json, places, originals);
    if (!client) throw unreadable(context.answer, context.doing, `is not what ${descriptor.name}'s description says`);
    return keeping(client, context.before);
  }

  async function ask(call: Clients["read"], subject: Subject, doing: string) {
    const answer = await api.run(of(call.request, subject, doing));
    return read(answer.json, call.answer, { answer, doing, ...(subject.ref && { before: subject.ref }) });
  }

  async function remove(ref: ClientRef): Promise<void> {
    await unlessAbsent(api.run(of(clients.delete.request, { ref }, "Deleting the client")));
  }

  /** A client with another identity than the chosen one is not what was asked for, and does not stay. */
  async function refuseAnother({ consumerKey, consumerSecret }: ClientSpec, made: RegisteredClient): Promise<void> {
    const isOther =
      (consumerKey !== undefined && made.ref.consumerKey !== consumerKey) ||
      (consumerSecret && made.ref.consumerSecret && made.ref.consumerSecret.reveal() !== consumerSecret.reveal());
    if (!isOther) return;
    await remove(made.ref);
    throw new ConnectorError(
      "bad_response",
      `${descriptor.name} made a client with another key or secret than the chosen one. The client was deleted again.`,
    );
  }

  return {
    async registerClient(spec) {
      const made = await ask(clients.register, { spec }, "Registering the client");
      await refuseAnother(spec, made);
      const consumerSecret = made.ref.consumerSecret ?? spec.consumerSecret;
      return { ...made, ref: { ...made.ref, ...(consumerSecret && { consumerSecret }) } };
    },
    readClient: async (ref) => (await unlessAbsent(ask(clients.read, { ref }, "Reading the client"))) ?? null,
    updateClient: (ref, spec) => ask(clients.update, { ref, spec }, "Updating the client"),
    deleteClient: remove,
    async checkAccess() {
      const fix = `Check the settings with which the portal signs in to ${descriptor.name}.`;
      return [await probe("sign_in", "The portal signs in.", { attempt: () => api.signIn(), fix })];
    },
    ...(find && {
      async findClients(marker) {
        const doing = "Looking for the client";
        const answer = await api.run(of(find.request, { marker }, doing));
        const ours = listAt(answer, find.list, doing).filter((item) => at(item, find.marker) === marker);
        return ours.map((item) => read(item, find.answer, { answer, doing }));
      },
    }),
    ...(rotateSecret && {
      async rotateSecret(ref) {
        const doing = "Making a new secret";
        const answer = await api.run(of(rotateSecret.request, { ref }, doing));
        const secret = key.safeParse(at(answer.json, rotateSecret.consumerSecret));
        if (!secret.success) throw unreadable(answer, doing, "holds no secret");
        const consumerSecret = new Secret(secret.data);
        try {
          const state = await ask(clients.read, { ref: { ...ref, consumerSecret } }, "Reading the client");
          return { ...state, ref: { ...state.ref, consumerSecret } };
        } catch (error) {
          // The old secret is dead: the new one must not be lost with the failure.
          throw isConnectorError(error) ? withCredentials(error, { consumerSecret }) : error;
        }
      },
    }),
    ...(secrets && {
      secrets: openDescribedSecrets(secrets, requests, (ref) => ask(clients.read, { ref }, "Reading the client")),
    }),
  };
}

/** A client in an answer; null where what must be there is missing, or is of another kind. */
function readClient(json: unknown, places: ClientAnswer, originals: Record<string, string>): RegisteredClient | null {
  const optional = (pointer: string | undefined) =>
    pointer === undefined ? undefined : (at(json, pointer) ?? undefined);
  const parsed = z
    .object({
      consumerKey: key,
      consumerSecret: key.optional(),
      vendorId: z.union([key, z.number()]).optional(),
      name: z.string().max(2_000),
      grantTypes: texts,
      redirectUris: texts.default([]),
    })
    .safeParse({
      consumerKey: at(json, places.consumerKey),
      consumerSecret: optional(places.consumerSecret),
      vendorId: optional(places.vendorId),
      name: at(json, places.name),
      grantTypes: at(json, places.grantTypes),
      redirectUris: optional(places.redirectUris),
    });
  if (!parsed.success) return null;
  const { consumerKey, consumerSecret, vendorId, name, grantTypes, redirectUris } = parsed.data;
  const settings = Object.entries(places.settings ?? {}).map(([field, pointer]) => [field, at(json, pointer)] as const);
  return {
    ref: {
      consumerKey,
      ...(consumerSecret !== undefined && { consumerSecret: new Secret(consumerSecret) }),
      ...(vendorId !== undefined && { vendorId: String(vendorId) }),
    },
    state: {
      name,
      grantTypes: grantTypes.map((theirs) => originals[theirs] ?? theirs),
      redirectUris,
      settings: Object.fromEntries(settings.filter(([, value]) => value !== undefined && value !== null)),
    },
  };
}

/** An answer need not repeat the secret. */
function keeping(client: RegisteredClient, before: ClientRef | undefined): RegisteredClient {
  const consumerSecret = client.ref.consumerSecret ?? before?.consumerSecret;
  return consumerSecret ? { ...client, ref: { ...client.ref, consumerSecret } } : client;
}

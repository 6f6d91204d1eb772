import type { ActionResult } from "#lib/features/actions/contract.ts";
import type {
  ClientForm,
  ExistingClientForm,
  KeysOutcome,
  RegenerateSecretInput,
  KeysView,
  KeyType,
  MappingOutcome,
  RemovalOutcome,
  ResumeOutcome,
  TokenView,
} from "#lib/features/key-mappings/contract.ts";
import type { RevokedTokenView, RevokedView, RevokeTokenInput } from "#lib/features/revocations/contract.ts";

type Action<Input, Output> = (input: Input) => Promise<ActionResult<Output>>;

/** Where keys belong, the key manager apart. */
export type KeysPlace = { applicationId: string; keyType: KeyType };

type AtKeyManager = KeysPlace & { keyManagerId: string };

/** What the cards of the keys page can do; the page hands in its server actions. */
export type KeysActions = {
  generate: Action<AtKeyManager & ClientForm, KeysOutcome>;
  map: Action<AtKeyManager & ExistingClientForm, MappingOutcome>;
  update: Action<{ id: string } & ClientForm, KeysOutcome>;
  regenerate: Action<RegenerateSecretInput, KeysOutcome>;
  remove: Action<{ id: string; forget?: boolean }, RemovalOutcome>;
  resume: Action<{ id: string; acceptDuplicate?: boolean }, ResumeOutcome>;
  refresh: Action<{ id: string }, KeysView>;
  /** Asks the key manager which consumer secrets the client has. */
  readSecrets: Action<{ id: string }, KeysView>;
  addSecret: Action<{ id: string; description: string; expiresInDays: number | null }, KeysOutcome>;
  removeSecret: Action<{ id: string; secretId: string }, KeysOutcome>;
  reveal: Action<{ id: string }, { consumerSecret: string }>;
  chooseScopes: Action<{ id: string; scopes: string[] }, KeysOutcome>;
  /** Revokes every token that the keys got so far. */
  revokeTokens: Action<{ id: string }, RevokedView>;
  /** Revokes one token of the keys. */
  revokeToken: Action<RevokeTokenInput, RevokedTokenView>;
  issueToken: Action<{ id: string; scopes: string[] }, TokenView>;
  exchangeToken: Action<{ id: string; scopes: string[]; subjectToken: string }, TokenView>;
};

/** An operation that is over, with what it hands out once. */
export type DoneOutcome = Extract<KeysOutcome, { outcome: "done" }>;

/** What must hold of a key manager's settings before they are stored or tried. */
import { findConnector } from "#connectors/registry.ts";
import { endpointNames, type Connector, type Endpoints, type SigningKeys } from "#lib/connector-kit/contract.ts";
import { findEnabledByIssuer, lockIssuer } from "#lib/data/key-managers.ts";
import type { TenantContext } from "#lib/data/database.ts";
import { AppError, fieldError, type FieldProblem } from "#lib/foundation/errors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import { patternProblem } from "#lib/foundation/patterns.ts";
import { foreignHosts } from "./connection.ts";
import { endpointLabels, type InvocationMethod, type TokenHandling } from "./contract.ts";
import { notSupported } from "./unsupported.ts";
import { verificationKeyProblem } from "./verification-keys.ts";

/** The settings that the rules look at. */
export type CheckedSettings = {
  issuer: string;
  endpoints: Endpoints;
  signingKeys: SigningKeys;
  validationMethod: "SELF" | "INTROSPECT";
  tokenTypes: readonly InvocationMethod[];
  exchangeAudience: string | null;
  confirmedHosts: readonly string[];
  applicationScopes: boolean;
  tokenHandling: TokenHandling;
};

/** @throws {AppError} `input.invalid` at `connectorId` where nobody may add a key manager of this kind */
export function requireConnector(connectorId: string): Connector {
  const connector = findConnector(connectorId);
  if (!connector) throw fieldError("connectorId", "There is no such kind of key manager. Choose one of the list.");
  if (connector.permanent) {
    throw fieldError("connectorId", `Each tenant has the ${connector.name} by itself; another cannot be added.`);
  }
  return connector;
}

/** Every problem with endpoints, keys and the way of validation, each at its field. */
export function settingsProblems(
  connector: Connector,
  settings: CheckedSettings,
  alreadyConfirmed: readonly string[] = [],
): FieldProblem[] {
  return [
    ...endpointProblems(connector, settings),
    ...hostProblems(settings, alreadyConfirmed),
    ...validationProblems(connector, settings),
    ...handlingProblems(connector, settings),
    ...exchangeProblems(settings),
    ...scopeProblems(connector, settings),
  ];
}

function scopeProblems(connector: Connector, { applicationScopes }: CheckedSettings): FieldProblem[] {
  if (!applicationScopes || connector.capabilities.includes("scopes")) return [];
  const message = `${notSupported(connector.name, connector.missing.scopes)} Leave application scopes off.`;
  return [{ path: "applicationScopes", message }];
}

/** Only tokens that are meant for this installation are exchanged: anybody's would be a way in for everybody. */
function exchangeProblems({
  tokenTypes,
  exchangeAudience,
  validationMethod,
  signingKeys,
}: CheckedSettings): FieldProblem[] {
  if (!tokenTypes.includes("EXCHANGED")) return [];
  const problems: FieldProblem[] = [];
  if (exchangeAudience === null) {
    const message = "Enter the audience that a token must name to be exchanged, such as this portal's address.";
    problems.push({ path: "exchangeAudience", message });
  }
  if (validationMethod === "INTROSPECT" && signingKeys.kind === "none") {
    const message = "Say where the signing keys are: tokens are exchanged by their signature.";
    problems.push({ path: "signingKeys", message });
  }
  return problems;
}

function endpointProblems(connector: Connector, { endpoints, tokenTypes }: CheckedSettings): FieldProblem[] {
  // Where tokens are only exchanged, nobody gets or manages clients.
  const isDirect = tokenTypes.includes("DIRECT");
  return endpointNames.flatMap((name): FieldProblem[] => {
    const use = connector.endpoints[name];
    const path = `endpoints.${name}`;
    if (use === "required" && isDirect && !endpoints[name]) {
      return [{ path, message: `Enter the ${lowerFirst(endpointLabels[name])}: ${connector.name} needs it.` }];
    }
    if (use === "unused" && endpoints[name]) {
      return [{ path, message: `Leave this blank: ${connector.name} has no use for it.` }];
    }
    return [];
  });
}

/** Credentials go to another host than the issuer's only when somebody agreed to it. */
export function hostProblems(
  { issuer, endpoints, confirmedHosts }: Pick<CheckedSettings, "issuer" | "endpoints" | "confirmedHosts">,
  alreadyConfirmed: readonly string[],
): FieldProblem[] {
  const confirmed = new Set([...confirmedHosts, ...alreadyConfirmed]);
  return [...foreignHosts(issuer, endpoints)].flatMap(([host, names]) =>
    confirmed.has(host)
      ? []
      : names.map((name): FieldProblem => ({
          path: `endpoints.${name}`,
          message: `This address is on ${host}, not on the issuer's host. Confirm that credentials may be sent there.`,
        })),
  );
}

function validationProblems(connector: Connector, settings: CheckedSettings): FieldProblem[] {
  const { validationMethod, endpoints, signingKeys } = settings;
  const keyProblem = verificationKeyProblem(signingKeys);
  if (keyProblem) return [keyProblem];
  if (validationMethod === "SELF") {
    if (signingKeys.kind !== "none") return [];
    return [
      {
        path: "signingKeys",
        message: "Say where the signing keys are, by address or as PEM; without them no token can be checked.",
      },
    ];
  }
  return introspectionProblems(connector, endpoints, "validationMethod");
}

/** @param path of the choice for which tokens are asked about */
function introspectionProblems(connector: Connector, endpoints: Endpoints, path: string): FieldProblem[] {
  if (!connector.capabilities.includes("introspectToken")) {
    return [{ path, message: notSupported(connector.name, connector.missing.introspectToken) }];
  }
  if (endpoints.introspection) return [];
  return [{ path: "endpoints.introspection", message: "Enter the introspection endpoint: tokens are checked there." }];
}

/** Patterns that can be used, and a way to check the tokens that they choose. */
function handlingProblems(connector: Connector, settings: CheckedSettings): FieldProblem[] {
  const { tokenHandling, validationMethod, endpoints } = settings;
  switch (tokenHandling.kind) {
    case "NONE":
      return [];
    case "REFERENCE": {
      const ofPattern = patternProblems("tokenHandling.pattern", tokenHandling.pattern);
      if (validationMethod === "INTROSPECT") return ofPattern;
      return [...ofPattern, ...introspectionProblems(connector, endpoints, "tokenHandling.kind")];
    }
    case "JWT":
      return tokenHandling.claims.flatMap(({ claim, pattern }, at) => [
        ...patternProblems(`tokenHandling.claims.${String(at)}.pattern`, pattern),
        ...(tokenHandling.claims.findIndex((other) => other.claim === claim) < at
          ? [{ path: `tokenHandling.claims.${String(at)}.claim`, message: `“${claim}” is named already.` }]
          : []),
      ]);
  }
}

function patternProblems(path: string, pattern: string): FieldProblem[] {
  const message = patternProblem(pattern);
  return message === null ? [] : [{ path, message }];
}

/** @throws {AppError} `input.invalid` with all problems; the message names the fields that are missing */
export function refuseProblems(problems: readonly FieldProblem[]): void {
  if (problems.length === 0) return;
  const [only] = problems;
  throw new AppError("input.invalid", {
    message:
      problems.length === 1 && only
        ? only.message
        : `${String(problems.length)} fields need your attention: ${problems.map(({ path }) => path).join(", ")}.`,
    fields: problems,
  });
}

/**
 * Refuses changes of fields that stay as they were stored.
 *
 * @throws {AppError} `input.fixed` with a problem at each field
 */
export function refuseFixed(problems: readonly FieldProblem[]): void {
  const [only] = problems;
  if (!only) return;
  throw new AppError("input.fixed", {
    ...(problems.length === 1 ? { message: only.message } : {}),
    fields: problems,
  });
}

/** Whether claims tell the tokens of this key manager from others' of the same issuer. */
export function isToldApart({ tokenHandling }: { tokenHandling: TokenHandling }): boolean {
  return tokenHandling.kind === "JWT";
}

/**
 * Refuses an issuer that another enabled key manager of the tenant has, where no claims tell the tokens of the two
 * apart. Concurrent writers of the same issuer wait for each other.
 *
 * @throws {AppError} `key_manager.issuer_conflict` at `issuer`, naming the other key manager
 */
export async function refuseDuplicateIssuer(
  ctx: TenantContext,
  keyManager: { issuer: string; tokenHandling: TokenHandling },
  except?: KeyManagerId,
): Promise<void> {
  const { issuer } = keyManager;
  await lockIssuer(ctx, issuer);
  if (isToldApart(keyManager)) return;
  const other = (await findEnabledByIssuer(ctx, issuer)).find((one) => one.id !== except && !isToldApart(one));
  if (!other) return;
  const ways = "or tell their tokens apart by claims (token handling)";
  const message =
    other.globalKeyManagerId === null
      ? `“${other.displayName}” is enabled with this issuer already. Disable it first, save this one disabled, ${ways}.`
      : `The global key manager “${other.displayName}” is enabled with this issuer already. Use it, save this one disabled, ${ways}.`;
  throw new AppError("key_manager.issuer_conflict", { message, fields: [{ path: "issuer", message }] });
}

/** The stored form of the two ways in which tokens may reach APIs. */
export function toTokenType(methods: readonly InvocationMethod[]): "DIRECT" | "EXCHANGED" | "BOTH" {
  const exchanged = methods.includes("EXCHANGED");
  return methods.includes("DIRECT") ? (exchanged ? "BOTH" : "DIRECT") : "EXCHANGED";
}

export function toInvocationMethods(tokenType: "DIRECT" | "EXCHANGED" | "BOTH"): InvocationMethod[] {
  return tokenType === "BOTH" ? ["DIRECT", "EXCHANGED"] : [tokenType];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What the forms of a key manager hold, and how it comes and goes. */
import {
  constrainableFields,
  initialValues,
  type ConnectorView,
  type ConstraintType,
  type FieldDescriptor,
  type KeyManagerView,
  type RegisterKeyManagerInput,
  type UpdateKeyManagerInput,
} from "#lib/features/key-managers/contract.ts";

type Values = Record<string, unknown>;

/** A limit as its fields hold it; "" is none. What another type would need is kept, should it be chosen again. */
export type ConstraintValues = {
  type: ConstraintType | "";
  minimum: number | "";
  maximum: number | "";
  allowed: string[];
  pattern: string;
  words: string;
};

const noConstraint: ConstraintValues = { type: "", minimum: "", maximum: "", allowed: [], pattern: "", words: "" };

/** The limit of a field, or none. */
export function constraintOf(held: Readonly<Record<string, ConstraintValues>>, key: string): ConstraintValues {
  return held[key] ?? noConstraint;
}

/** The limits of a stored key manager, with every input controlled from the first moment. */
function constraintValues({ connector, constraints }: KeyManagerView): Record<string, ConstraintValues> {
  const keys = constrainableFields(connector.clientFields).map(({ key }) => key);
  return Object.fromEntries(keys.map((key) => [key, { ...noConstraint, ...constraints[key] }]));
}

/** The add form as it begins. */
export function emptyValues(): RegisterKeyManagerInput {
  return {
    name: "",
    displayName: "",
    description: "",
    connectorId: "",
    enabled: true,
    tokenTypes: ["DIRECT"],
    wellKnownUrl: "",
    issuer: "",
    endpoints: {},
    grantTypes: [],
    consumerKeyClaim: "",
    scopesClaim: "",
    exchangeAudience: "",
    claimMappings: [],
    signingKeys: { kind: "jwks", url: "" },
    validationMethod: "SELF",
    tokenHandling: { kind: "NONE" },
    tokenGeneration: true,
    clientCreation: true,
    clientMapping: true,
    mappedClientCheck: true,
    applicationScopes: false,
    constraints: {},
    connection: {},
    confirmedHosts: [],
  };
}

/** The edit form of a stored key manager: secrets blank, which keeps them. */
export function valuesOf(view: KeyManagerView): UpdateKeyManagerInput {
  const { id, revision, displayName, description, tokenTypes, issuer, endpoints, grantTypes } = view;
  const { signingKeys, validationMethod, tokenGeneration, clientCreation, clientMapping, mappedClientCheck } = view;
  return {
    ...{ id, revision, displayName, description, tokenTypes, issuer, endpoints, grantTypes },
    ...{ signingKeys, validationMethod, tokenGeneration, clientCreation, clientMapping, mappedClientCheck },
    tokenHandling: view.tokenHandling,
    applicationScopes: view.applicationScopes,
    constraints: constraintValues(view),
    wellKnownUrl: view.wellKnownUrl ?? "",
    consumerKeyClaim: view.consumerKeyClaim ?? "",
    scopesClaim: view.scopesClaim ?? "",
    exchangeAudience: view.exchangeAudience ?? "",
    claimMappings: view.claimMappings,
    connection: view.permanent ? {} : connectionValues(view.connector.connectionFields, view.connection),
    confirmedHosts: [],
  };
}

/** Stored connection values with every field present, so that each input is controlled from the first moment. */
export function connectionValues(descriptors: readonly FieldDescriptor[], stored: Values): Values {
  return Object.fromEntries(
    descriptors.map((descriptor) => {
      const initial = initialValues([descriptor])[descriptor.name];
      const value = stored[descriptor.name];
      if (descriptor.kind !== "method") return [descriptor.name, value ?? initial];
      const group = asValues(value ?? initial);
      const choice = group[descriptor.discriminator];
      const branch = descriptor.options.find((option) => option.value === choice);
      const fields = connectionValues(branch?.fields ?? [], group);
      return [descriptor.name, { [descriptor.discriminator]: choice, ...fields }];
    }),
  );
}

/** The same values with every secret blank: what may be remembered in a browser. */
export function withoutSecrets(descriptors: readonly FieldDescriptor[], values: Values): Values {
  return Object.fromEntries(
    descriptors.map((descriptor) => {
      const value = values[descriptor.name];
      if (descriptor.kind === "secret") return [descriptor.name, ""];
      if (descriptor.kind !== "method") return [descriptor.name, value];
      const group = asValues(value);
      const choice = group[descriptor.discriminator];
      const branch = descriptor.options.find((option) => option.value === choice);
      const fields = withoutSecrets(branch?.fields ?? [], group);
      return [descriptor.name, { [descriptor.discriminator]: choice, ...fields }];
    }),
  );
}

/** True where the chosen branches hold a secret field that is still blank and needed. */
export function lacksSecrets(descriptors: readonly FieldDescriptor[], values: Values): boolean {
  return descriptors.some((descriptor) => {
    const value = values[descriptor.name];
    if (descriptor.kind === "secret") return !descriptor.optional && !value;
    if (descriptor.kind !== "method") return false;
    const group = asValues(value);
    const branch = descriptor.options.find((option) => option.value === group[descriptor.discriminator]);
    return lacksSecrets(branch?.fields ?? [], group);
  });
}

/** Hosts other than the issuer's that endpoints would send credentials to. */
export function foreignHostsOf(issuer: string, endpoints: Readonly<Record<string, string | undefined>>): string[] {
  const home = URL.parse(issuer)?.host;
  const hosts = ["registration", "token", "introspection", "revocation", "scopeManagement"].flatMap(
    (name) => URL.parse(endpoints[name] ?? "")?.host ?? [],
  );
  return [...new Set(hosts)].filter((host) => host !== home);
}

export function connectorOf(connectors: readonly ConnectorView[], id: string): ConnectorView | undefined {
  return connectors.find((connector) => connector.id === id);
}

function asValues(value: unknown): Values {
  return typeof value === "object" && value !== null ? (value as Values) : {};
}

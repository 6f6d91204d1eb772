/** Programs that get a token (RFC 6749 §4.4, RFC 8693 §2.1), ready to run. */

import { tokenRequestOf, type TokenParameters } from "#lib/connector-kit/token-parameters.ts";

export type SnippetInput = {
  tokenEndpoint: string;
  consumerKey: string;
  /** Null leaves it to an environment variable, CONSUMER_SECRET. */
  consumerSecret: string | null;
  scopes: readonly string[];
  /** What this kind of server wants beside the grant type and the credentials. */
  parameters: TokenParameters;
  /** How the client is registered to show its secret (RFC 6749 §2.3.1). */
  secretIn: "header" | "body";
  /** The client credentials grant, or the exchange of a token that an environment variable, SUBJECT_TOKEN, holds. */
  grant?: "client_credentials" | "token_exchange";
};

export type Snippet = { id: string; label: string; code: string };

/** A parameter of the form: its value, or the environment variable that holds it. */
type Parameter = { name: string; value: string } | { name: string; variable: string };

/** The same request in several languages. */
export function tokenSnippets(input: SnippetInput): Snippet[] {
  const parameters = parametersOf(input);
  return [
    { id: "curl", label: "cURL", code: curl(input, parameters) },
    { id: "node", label: "Node", code: node(input, parameters) },
    { id: "python", label: "Python", code: python(input, parameters) },
  ];
}

/** Methods of authentication with which a client sends an assertion or a certificate (RFC 7523 §2.2, RFC 8705 §2). */
const withoutSecret = /"(private_key_jwt|client_secret_jwt|tls_client_auth|self_signed_tls_client_auth)"/;

/**
 * Looks in the connector's settings for the one word that the standard has for it.
 *
 * @returns null where the client sends no secret at all
 */
export function secretPlaceOf(settings: Record<string, unknown>): SnippetInput["secretIn"] | null {
  const words = JSON.stringify(settings);
  if (withoutSecret.test(words)) return null;
  return words.includes("client_secret_post") ? "body" : "header";
}

function parametersOf({ scopes: wanted, parameters, grant = "client_credentials" }: SnippetInput): Parameter[] {
  const { scopes, parameters: further } = tokenRequestOf(parameters, wanted);
  const rest: Parameter[] = [
    ...(scopes.length > 0 ? [{ name: "scope", value: scopes.join(" ") }] : []),
    ...Object.entries(further).map(([name, value]) => ({ name, value })),
  ];
  if (grant === "client_credentials") return [{ name: "grant_type", value: grant }, ...rest];
  return [
    { name: "grant_type", value: "urn:ietf:params:oauth:grant-type:token-exchange" },
    { name: "subject_token", variable: "SUBJECT_TOKEN" },
    { name: "subject_token_type", value: "urn:ietf:params:oauth:token-type:access_token" },
    ...rest,
  ];
}

/** RFC 6749 §2.3.1 has both halves form-encoded before they go into the header. */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

/** One argument for a POSIX shell, whatever characters it holds. */
function shell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function curl({ tokenEndpoint, consumerKey, consumerSecret, secretIn }: SnippetInput, parameters: Parameter[]): string {
  const secret = (encode: (text: string) => string, name: string) =>
    consumerSecret === null ? `${shell(name)}"$CONSUMER_SECRET"` : shell(`${name}${encode(consumerSecret)}`);
  const credentials =
    secretIn === "header"
      ? [`--user ${secret(formEncoded, `${formEncoded(consumerKey)}:`)}`]
      : [
          `--data-urlencode ${shell(`client_id=${consumerKey}`)}`,
          `--data-urlencode ${secret((text) => text, "client_secret=")}`,
        ];
  const form = parameters.map((parameter) =>
    "variable" in parameter
      ? `--data-urlencode ${shell(`${parameter.name}=`)}"$${parameter.variable}"`
      : `--data-urlencode ${shell(`${parameter.name}=${parameter.value}`)}`,
  );
  return ["curl --silent --show-error --request POST", shell(tokenEndpoint), ...credentials, ...form].join(" \\\n  ");
}

function node({ tokenEndpoint, consumerKey, consumerSecret, secretIn }: SnippetInput, parameters: Parameter[]): string {
  const secret = consumerSecret === null ? "process.env.CONSUMER_SECRET" : JSON.stringify(consumerSecret);
  const header = secretIn === "header";
  const form = parameters.map((parameter) =>
    "variable" in parameter
      ? `    ${parameter.name}: process.env.${parameter.variable},`
      : `    ${parameter.name}: ${JSON.stringify(parameter.value)},`,
  );
  return [
    `const consumerKey = ${JSON.stringify(consumerKey)};`,
    `const consumerSecret = ${secret};`,
    ...(header ? [`const encode = (text) => new URLSearchParams({ "": text }).toString().slice(1);`] : []),
    "",
    `const response = await fetch(${JSON.stringify(tokenEndpoint)}, {`,
    `  method: "POST",`,
    ...(header
      ? [
          "  headers: {",
          "    authorization: `Basic ${btoa(`${encode(consumerKey)}:${encode(consumerSecret)}`)}`,",
          "  },",
        ]
      : []),
    "  body: new URLSearchParams({",
    ...form,
    ...(header ? [] : ["    client_id: consumerKey,", "    client_secret: consumerSecret,"]),
    "  }),",
    "});",
    "console.log(await response.json());",
  ].join("\n");
}

function python(
  { tokenEndpoint, consumerKey, consumerSecret, secretIn }: SnippetInput,
  parameters: Parameter[],
): string {
  const secret = consumerSecret === null ? `os.environ["CONSUMER_SECRET"]` : JSON.stringify(consumerSecret);
  const header = secretIn === "header";
  const readsEnvironment = consumerSecret === null || parameters.some((parameter) => "variable" in parameter);
  const form = parameters.map((parameter) =>
    "variable" in parameter
      ? `    "${parameter.name}": os.environ["${parameter.variable}"],`
      : `    "${parameter.name}": ${JSON.stringify(parameter.value)},`,
  );
  return [
    `import ${[...(header ? ["base64"] : []), "json", ...(readsEnvironment ? ["os"] : [])].join(", ")}`,
    `from urllib.parse import ${header ? "quote_plus, " : ""}urlencode`,
    "from urllib.request import Request, urlopen",
    "",
    `consumer_key = ${JSON.stringify(consumerKey)}`,
    `consumer_secret = ${secret}`,
    "",
    "form = {",
    ...form,
    ...(header ? [] : [`    "client_id": consumer_key,`, `    "client_secret": consumer_secret,`]),
    "}",
    `request = Request(${JSON.stringify(tokenEndpoint)}, data=urlencode(form).encode())`,
    ...(header
      ? [
          `credentials = f"{quote_plus(consumer_key)}:{quote_plus(consumer_secret)}"`,
          `request.add_header("Authorization", "Basic " + base64.b64encode(credentials.encode()).decode())`,
        ]
      : []),
    "print(json.load(urlopen(request)))",
  ].join("\n");
}

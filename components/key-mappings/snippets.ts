/** Programs that get a token with the client credentials grant (RFC 6749 §4.4), ready to run. */

export type SnippetInput = {
  tokenEndpoint: string;
  consumerKey: string;
  /** Null leaves it to an environment variable, CONSUMER_SECRET. */
  consumerSecret: string | null;
  scopes: readonly string[];
  /** How the client is registered to show its secret (RFC 6749 §2.3.1). */
  secretIn: "header" | "body";
};

export type Snippet = { id: string; label: string; code: string };

/** The same request in several languages. */
export function tokenSnippets(input: SnippetInput): Snippet[] {
  return [
    { id: "curl", label: "cURL", code: curl(input) },
    { id: "node", label: "Node", code: node(input) },
    { id: "python", label: "Python", code: python(input) },
  ];
}

/** Looks in the connector's settings for the one word that the standard has for it. */
export function secretPlaceOf(settings: Record<string, unknown>): SnippetInput["secretIn"] {
  return JSON.stringify(settings).includes("client_secret_post") ? "body" : "header";
}

/** RFC 6749 §2.3.1 has both halves form-encoded before they go into the header. */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

/** One argument for a POSIX shell, whatever characters it holds. */
function shell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function curl({ tokenEndpoint, consumerKey, consumerSecret, scopes, secretIn }: SnippetInput): string {
  const secret = (encode: (text: string) => string, name: string) =>
    consumerSecret === null ? `${shell(name)}"$CONSUMER_SECRET"` : shell(`${name}${encode(consumerSecret)}`);
  const credentials =
    secretIn === "header"
      ? [`--user ${secret(formEncoded, `${formEncoded(consumerKey)}:`)}`]
      : [
          `--data-urlencode ${shell(`client_id=${consumerKey}`)}`,
          `--data-urlencode ${secret((text) => text, "client_secret=")}`,
        ];
  return [
    "curl --silent --show-error --request POST",
    shell(tokenEndpoint),
    ...credentials,
    "--data grant_type=client_credentials",
    ...(scopes.length > 0 ? [`--data-urlencode ${shell(`scope=${scopes.join(" ")}`)}`] : []),
  ].join(" \\\n  ");
}

function node({ tokenEndpoint, consumerKey, consumerSecret, scopes, secretIn }: SnippetInput): string {
  const secret = consumerSecret === null ? "process.env.CONSUMER_SECRET" : JSON.stringify(consumerSecret);
  const header = secretIn === "header";
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
    `    grant_type: "client_credentials",`,
    ...(header ? [] : ["    client_id: consumerKey,", "    client_secret: consumerSecret,"]),
    ...(scopes.length > 0 ? [`    scope: ${JSON.stringify(scopes.join(" "))},`] : []),
    "  }),",
    "});",
    "console.log(await response.json());",
  ].join("\n");
}

function python({ tokenEndpoint, consumerKey, consumerSecret, scopes, secretIn }: SnippetInput): string {
  const secret = consumerSecret === null ? `os.environ["CONSUMER_SECRET"]` : JSON.stringify(consumerSecret);
  const header = secretIn === "header";
  return [
    `import ${[...(header ? ["base64"] : []), "json", ...(consumerSecret === null ? ["os"] : [])].join(", ")}`,
    `from urllib.parse import ${header ? "quote_plus, " : ""}urlencode`,
    "from urllib.request import Request, urlopen",
    "",
    `consumer_key = ${JSON.stringify(consumerKey)}`,
    `consumer_secret = ${secret}`,
    "",
    "form = {",
    `    "grant_type": "client_credentials",`,
    ...(header ? [] : [`    "client_id": consumer_key,`, `    "client_secret": consumer_secret,`]),
    ...(scopes.length > 0 ? [`    "scope": ${JSON.stringify(scopes.join(" "))},`] : []),
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

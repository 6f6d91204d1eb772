/** The configurations of docs/gateways, made fit for one installation. */

/**
 * Puts lines into force that a configuration holds behind number signs: those after a comment that begins with the
 * subject and ends with "take the number signs away".
 *
 * @param subject such as "TLS with callers"
 */
export function withLines(configuration: string, subject: string): string {
  let state: "elsewhere" | "introduced" | "meant" = "elsewhere";
  return configuration
    .split("\n")
    .map((line) => {
      const isComment = /^\s*(- )?# /.test(line);
      if (isComment && state === "meant") return line.replace("# ", "");
      if (!isComment) state = "elsewhere";
      else if (line.includes(`# ${subject}`)) state = "introduced";
      if (state === "introduced" && /\bnumber signs? away\b/.test(line)) state = "meant";
      return line;
    })
    .join("\n");
}

/**
 * Fills the address in that Latchkey is asked at, and takes its explanation away. Where the address begins with https,
 * the configuration asks over TLS and checks who answers.
 *
 * @param origin scheme, host and port under which gateways reach the portal
 */
export function fillAddress(configuration: string, origin: string): string {
  const { protocol, hostname, port, host } = new URL(origin);
  const isSecure = protocol === "https:";
  const ownPort = port || (isSecure ? "443" : "80");
  const secured = isSecure ? overTls(configuration).replaceAll("latchkey.example", hostname) : configuration;
  return secured
    .split("\n")
    .filter((line) => !/^# {3}(\$\{)?LATCHKEY_(ADDRESS|HOST)\b/.test(line))
    .join("\n")
    .replace(/(proxy_set_header Host +)\$\{LATCHKEY_ADDRESS\}/, `$1${host}`)
    .replaceAll("{$LATCHKEY_ADDRESS}", `${isSecure ? "https://" : ""}${hostname}:${ownPort}`)
    .replaceAll("${LATCHKEY_ADDRESS}", `${hostname}:${ownPort}`)
    .replaceAll("${LATCHKEY_HOST}", hostname)
    .replaceAll("${LATCHKEY_PORT}", ownPort);
}

function overTls(configuration: string): string {
  return withLines(configuration, "TLS with Latchkey").replace(/http(?=:\/\/(?:latchkey\/|\$\{LATCHKEY_))/g, "https");
}

/** The first example of a page in Markdown, in a language. */
export function firstExample(page: string, language: string): string {
  const [, example = ""] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(page) ?? [];
  return example;
}

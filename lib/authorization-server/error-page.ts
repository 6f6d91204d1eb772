/** The page a person sees where an application sent them here with a request that cannot go on. */

const style = `
:root{color-scheme:light dark;--page:oklch(.985 .003 240);--card:oklch(1 0 0);--text:oklch(.22 .02 250);
--muted:oklch(.5 .02 250);--line:oklch(.905 .008 250)}
@media (prefers-color-scheme:dark){:root{--page:oklch(.17 .01 250);--card:oklch(.21 .012 250);
--text:oklch(.95 .005 250);--muted:oklch(.72 .015 250);--line:oklch(.3 .012 250)}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--page);color:var(--text);
font:.875rem/1.45 system-ui,sans-serif}
main{max-width:26rem;width:100%;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
h1{margin:0 0 .75rem;font-size:1.25rem;line-height:1.3;font-weight:600}
p{margin:0 0 1rem}
dl{margin:0;padding-top:1rem;border-top:1px solid var(--line);color:var(--muted)}
dt{font-weight:600}
dd{margin:0 0 .5rem;overflow-wrap:anywhere;font-family:ui-monospace,monospace}`;

const explanations: Record<string, string> = {
  access_denied: "Access was not given.",
  invalid_client: "The application is not known here. It may have been removed.",
  invalid_redirect_uri: "The application asked to be answered at an address that it did not register.",
  invalid_request: "The application sent a request that this server does not accept.",
  server_error: "Something went wrong on our side.",
  temporarily_unavailable: "This authorization server is switched off for now.",
};

/** Escapes text for HTML. */
function html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Renders the error page: no script, nothing loaded from elsewhere.
 *
 * @param out the members of the OAuth error response
 */
export function renderErrorPage(out: { error?: string; error_description?: string | undefined }): string {
  const { error = "server_error", error_description: description } = out;
  const explanation = explanations[error] ?? "The application's request could not be completed.";
  const details = [
    ["Error", error],
    ["Detail", description],
  ].filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign-in cannot continue</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Sign-in cannot continue</h1>
<p>${html(explanation)} Go back to the application and try again; if it happens again, tell those who run the application what stands below.</p>
<dl>${details.map(([term, value]) => `<dt>${html(term)}</dt><dd>${html(value)}</dd>`).join("")}</dl>
</main>
</body>
</html>`;
}

/** The policy under which the page is served. */
export const errorPagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

import { AppError } from "#lib/foundation/errors.ts";

/**
 * Refuses a state change that another site may have started. The framework compares the Origin header with
 * Host or X-Forwarded-Host, which a client can choose; this compares with the configured origin alone.
 *
 * A browser sends Origin with every POST. Where it is absent, Sec-Fetch-Site (which no page can set) must
 * say that the request came from this very origin.
 *
 * @param ownOrigin scheme, host and port of this installation
 * @throws {AppError} `auth.origin`
 */
export function requireSameOrigin(headers: Pick<Headers, "get">, ownOrigin: string): void {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  const fine =
    origin === null ? site === "same-origin" : origin === ownOrigin && (site ?? "same-origin") === "same-origin";
  if (fine) return;
  throw new AppError("auth.origin", {
    message: `The request did not come from this portal. Open the portal at ${ownOrigin} and try again.`,
  });
}

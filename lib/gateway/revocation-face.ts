import type { IncomingMessage, ServerResponse } from "node:http";
import type { Reporter } from "#lib/features/revocations/report.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import type { Log } from "#lib/foundation/log.ts";
import { parseStrictObject } from "#lib/token-validation/strict-json.ts";
import { answerJson, readBody } from "./answer.ts";
import { bearerOrPassword } from "./bearer.ts";
import type { Reporters } from "./reporters.ts";

const maximumBodyBytes = 256 * 1024;

export type RevocationFaceOptions = {
  reporters: Pick<Reporters, "admit">;
  /** Takes a report over. @returns how many entries are refused now; null where the same report has to go on */
  report(reporter: Reporter, report: Record<string, unknown>): Promise<number | null>;
  log: Log;
};

/**
 * `POST /gateway/v1/revocations`: an authorization server reports what it revoked. It proves itself with a credential of
 * its own, as a bearer token or as the password of HTTP Basic.
 */
export function createRevocationFace({ reporters, report, log }: RevocationFaceOptions) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.method !== "POST") {
      return answerJson(res, 405, {
        ...problem("method.not_allowed", "Send a POST request."),
        headers: { Allow: "POST" },
      });
    }
    const reporter = await reporters.admit(bearerOrPassword(req.headers.authorization));
    if (reporter === "unavailable") return answerJson(res, 503, { ...busy, headers: { "Retry-After": "1" } });
    if (reporter === "refused") return answerJson(res, 401, { ...stranger, headers: challenge });
    const body = await readBody(req, maximumBodyBytes);
    if (body === null) {
      const message = `The report is larger than ${String(maximumBodyBytes)} bytes. Split it.`;
      return answerJson(res, 413, { ...problem("input.invalid", message), headers: { Connection: "close" } });
    }
    const parsed = parseStrictObject(Buffer.from(body));
    if (!parsed)
      return answerJson(res, 400, problem("input.invalid", "Send one JSON object that names no member twice."));
    try {
      const accepted = await report(reporter, parsed);
      if (accepted === null) return answerJson(res, 503, { ...unfinished, headers: { "Retry-After": "1" } });
      answerJson(res, 200, { body: { accepted } });
    } catch (error) {
      if (isAppError(error)) {
        const { code, message, fields } = error;
        return answerJson(res, error.status, { body: { code, message, fields } });
      }
      log.error({ error }, "a report of revocations could not be taken over");
      answerJson(res, 503, { ...busy, headers: { "Retry-After": "5" } });
    }
  };
}

function problem(code: string, message: string) {
  return { body: { code, message } };
}

const busy = problem("unavailable", "The report could not be taken over at the moment. Send it again shortly.");

const unfinished = problem(
  "unavailable",
  "The report is taken over in some of the tenants so far. Send it again: it goes on with the rest.",
);

const stranger = problem(
  "auth.failed",
  "The credential is missing, wrong, revoked, or a gateway's. An administrator makes one for a key manager under Gateways.",
);

const challenge = {
  "WWW-Authenticate": 'Basic realm="latchkey-revocations", Bearer realm="latchkey-revocations"',
};

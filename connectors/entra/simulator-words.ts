/** How Microsoft Graph and the token endpoint say no. */
import { randomUUID } from "node:crypto";
import { json } from "#lib/connector-kit/simulator.ts";

/** An error of Graph (learn.microsoft.com/graph/errors). */
export function graphRefusal(
  status: number,
  code: string,
  message: string,
  { detail, headers = {} }: { detail?: string; headers?: Record<string, string> } = {},
): Response {
  const requestId = randomUUID();
  const innerError = { date: new Date().toISOString(), "request-id": requestId, "client-request-id": requestId };
  const details = detail === undefined ? {} : { details: [{ code: detail, message, target: "" }] };
  return json(status, { error: { code, message, ...details, innerError } }, headers);
}

export const badRequest = (message: string, detail?: string) =>
  graphRefusal(400, "Request_BadRequest", message, detail === undefined ? {} : { detail });

export const denied = (message = "Insufficient privileges to complete the operation.") =>
  graphRefusal(403, "Authorization_RequestDenied", message);

export function notFound(id: string): Response {
  const message = `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`;
  return graphRefusal(404, "Request_ResourceNotFound", message);
}

/** An error of the token endpoint, with the number that every one of them begins with. */
export function aadsts(status: number, error: string, code: number, words: string): Response {
  const [trace, correlation] = [randomUUID(), randomUUID()];
  const timestamp = new Date().toISOString().replace("T", " ").replace(/\.\d+/, "");
  return json(status, {
    error,
    error_description: `AADSTS${String(code)}: ${words} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${String(code)}`,
  });
}

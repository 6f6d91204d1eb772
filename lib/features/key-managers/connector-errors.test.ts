import { expect, it } from "vitest";
import { ConnectorError, explained, restated } from "#lib/connector-kit/errors.ts";
import { describeConnectorError, toAppError } from "./connector-errors.ts";

/** As lib/protocol makes it of an answer: its message says no more than its kind. */
const plain = (kind: ConnectorError["kind"], reason?: string) =>
  new ConnectorError(kind, "Granting the scope failed: the authorization server refused it.", {
    explanation: null,
    status: 403,
    ...(reason !== undefined && { reason }),
  });

it("says what happened, and quotes the server", () => {
  expect(describeConnectorError(plain("rejected", "no such role"), "Harbour")).toBe(
    "Harbour refused the request. It said: “no such role”",
  );
});

it("adds what the connector knows: the permission that is missing, and what to do", () => {
  const error = explained(plain("rejected", "Insufficient privileges"), "Grant it Roles.Write.", "credentials_refused");
  expect(error).toMatchObject({ status: 403, message: expect.stringContaining("Grant it Roles.Write.") as string });
  expect(describeConnectorError(error, "Harbour")).toBe(
    "Harbour refused the credentials that the administrator configured. Grant it Roles.Write. It said: “Insufficient privileges”",
  );
  expect(toAppError(error, "Harbour").message).toContain("Grant it Roles.Write.");
});

it("shows a connector's own sentence, which need not be about a client", () => {
  const error = new ConnectorError("not_found", "There is no API with the identifier “a”.");
  expect(describeConnectorError(error, "Harbour")).toBe(
    "Harbour does not have what was asked for. There is no API with the identifier “a”.",
  );
  expect(describeConnectorError(plain("not_found"), "Harbour")).toBe("Harbour does not know this OAuth client.");
});

it("keeps what a failure knows when it is only of another kind", () => {
  const waiting = new ConnectorError("rate_limited", "Slow down.", { explanation: null, retryAfterSeconds: 7 });
  const restatement = restated(waiting, { kind: "unreachable" });
  expect(restatement).toMatchObject({ kind: "unreachable", message: "Slow down.", retryAfterSeconds: 7 });
  expect(describeConnectorError(restatement, "Harbour")).toBe("Harbour could not be reached. Try again in a moment.");
  expect(restated(waiting, { message: "Wait a little." }).explanation).toBe("Wait a little.");
});

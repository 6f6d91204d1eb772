/**
 * An Express server with one route that is guarded as the variable BENCH_GUARD says, in JSON; tells its parent the port.
 */
import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer";
import { latchkey } from "../../packages/node-middleware/latchkey.ts";

export type Guard =
  /** Anybody may call. */
  | { kind: "none" }
  /** Signature, issuer, audience, times and scope, all read from the token: no subscription, no revocation. */
  | { kind: "jwt"; issuer: string; audience: string; keySetUrl: string; algorithm: string; scope: string }
  /** Everything that Latchkey checks. */
  | { kind: "latchkey"; url: string; credential: string };

function handlersOf(guard: Guard): RequestHandler[] {
  switch (guard.kind) {
    case "none":
      return [];
    case "jwt": {
      const { issuer, audience, keySetUrl, algorithm, scope } = guard;
      return [auth({ issuer, audience, jwksUri: keySetUrl, tokenSigningAlg: algorithm }), requiredScopes(scope)];
    }
    case "latchkey":
      return [latchkey(guard)];
  }
}

const app = express();
const guard = JSON.parse(process.env["BENCH_GUARD"] ?? "") as Guard;
// Ended as Node does it: Express would reckon an ETag for each answer.
app.get("/orders/1.0.0/items/:id", ...handlersOf(guard), (_req, res) => void res.end("ok"));
// Express would write each refusal to the terminal; this one is expected, by whoever tries whether the guard refuses.
const answerRefusal: ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
  res.status(error.status ?? 500).end();
};
app.use(answerRefusal);
const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string") process.send?.(address.port);
});
process.once("disconnect", () => process.exit(0));

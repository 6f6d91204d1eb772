import { describeContract } from "#tooling/testing/contract.ts";
import { oidc } from "./index.ts";
import { simulator } from "./simulator.ts";

describeContract(oidc, simulator, {
  // RFC 7591, 7592, 7662 and 7009 as a description: no vendor stands behind it.
  spec: "rfc7591",
  paths: /^\/(register|introspect|revoke)(\/|$)/,
  sees: [
    "POST /register",
    "GET /register/{client_id}",
    "PUT /register/{client_id}",
    "DELETE /register/{client_id}",
    "POST /introspect",
    "POST /revoke",
  ],
  contradicted: [
    {
      problem: /^401 of (POST|GET|PUT|DELETE) \/(register|introspect)\S*: nothing was expected$/,
      source: "RFC 6750 §3 leaves the body of a 401 open, and RFC 7662 §2.3 has that of RFC 6749 §5.2.",
    },
  ],
});

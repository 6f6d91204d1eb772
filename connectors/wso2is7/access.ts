import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import type { Connection } from "./config.ts";
import { paths, type Server } from "./server.ts";

const signInFixes: Record<Connection["signIn"]["method"], string> = {
  client_secret:
    "Check client id and secret, and that the application has the grant client credentials. In Asgardeo and in tenants it must belong to that organization.",
  private_key_jwt: "Check client id and key, and that the application names the key set or certificate of this key.",
  mutual_tls:
    "Check that the server trusts the certificate, that client certificate authentication is switched on, and that the user exists.",
  basic: "Check user name and password; in a tenant the name is name@tenant-domain.",
};

/**
 * Signs in and looks whether the portal may do its work. Changes nothing; what fails is in the probes, not thrown.
 *
 * @returns one probe for the sign-in, and where that passed one each for clients and scopes
 */
export async function checkAccess({ administration }: Server, { signIn }: Connection): Promise<Probe[]> {
  const first = { method: "GET", path: `${paths.applications}?limit=1`, doing: "Listing the clients" } as const;
  const signedIn = await probe("sign_in", "The portal signs in.", {
    fix: signInFixes[signIn.method],
    async attempt() {
      await administration.signIn();
      const answer = await administration.send({ ...first, doing: "Signing in" });
      // Who is known but may not see clients has signed in all the same.
      if (answer.status !== 200 && answer.status !== 403) throw administration.failure(answer, first);
    },
  });
  if (signedIn.status === "failed") return [signedIn];
  const clients = await probe("permissions", "The portal may see clients.", {
    fix: "Authorise the portal's application for the Application Management API with all its scopes; a user needs a role that holds them.",
    attempt: () => administration.run(first),
  });
  const scopes = await probe("permissions", "The portal may see API resources, which hold its scopes.", {
    fix: "Authorise the portal's application for the API Resource Management API with all its scopes, if scopes are to be managed from here.",
    attempt: () =>
      administration.run({
        method: "GET",
        path: `${paths.apiResources}?limit=1`,
        doing: "Listing the API resources",
      }),
  });
  // Clients and tokens work without it.
  return [signedIn, clients, scopes.status === "failed" ? { ...scopes, status: "warning" } : scopes];
}

/**
 * Which clients may ask for which scopes. Okta keeps that in access policies of the authorization server: a policy
 * names clients, its rules name grant types and scopes. Each client that the portal admits has a policy of its own.
 */
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type { Org } from "./org.ts";
import { policyList, policyObject, ruleList, type PolicyObject, type RuleObject } from "./wire.ts";

/** Okta gives all policies of a server in one answer. */
const maximumBytes = 4 * 1024 * 1024;
const ruleName = "Latchkey";
const longestName = 100;

export type Admission = {
  /** Lets a client ask for these scopes; where scopes are left out, for those that it may ask for already. */
  admit(client: { clientId: string; grantTypes: readonly string[] }, scopes?: readonly string[]): Promise<void>;
  /** Takes back what `admit` gave. Idempotent. */
  withdraw(clientId: string): Promise<void>;
};

/**
 * Access policies of the server, first in line first (developer.okta.com, Authorization server policies).
 *
 * @throws {ConnectorError} as `org.api` does
 */
export function listPolicies({ api, server }: Org): Promise<PolicyObject[]> {
  const doing = "Listing the access policies";
  return api.read({ method: "GET", path: `${server}/policies`, maximumBytes, doing }, policyList);
}

/** Rules of an access policy, in the order in which Okta tries them. */
export function listRules({ api, server }: Org, policyId: string): Promise<RuleObject[]> {
  const path = `${server}/policies/${encodeURIComponent(policyId)}/rules`;
  return api.read({ method: "GET", path, doing: "Listing the rules of an access policy" }, ruleList);
}

/**
 * Opens the access policies of an authorization server.
 *
 * @param accessTokenMinutes how long access tokens live by rules that are made from now on
 * @returns its calls; each throws `ConnectorError` as `org.api` does
 */
export function openAdmission(org: Org, { accessTokenMinutes }: { accessTokenMinutes: number }): Admission {
  const { api, server } = org;
  const nameOf = (clientId: string) => `Latchkey ${clientId}`.slice(0, longestName);
  const pathOf = (policyId: string) => `${server}/policies/${encodeURIComponent(policyId)}`;

  async function policiesOf(clientId: string): Promise<PolicyObject[]> {
    return (await listPolicies(org)).filter(({ name, conditions }) => {
      const clients = conditions?.clients?.include ?? [];
      return name === nameOf(clientId) && clients.length === 1 && clients[0] === clientId;
    });
  }

  function createPolicy(clientId: string): Promise<PolicyObject> {
    const body = {
      type: "OAUTH_AUTHORIZATION_POLICY",
      name: nameOf(clientId),
      description: "What a client of Latchkey may ask for. Latchkey changes and removes it.",
      status: "ACTIVE",
      // Okta stops at the first policy that fits, so a wider one must not come before.
      priority: 1,
      conditions: { clients: { include: [clientId] } },
    };
    const doing = "Making an access policy for the client";
    return api.read({ method: "POST", path: `${server}/policies`, body, doing }, policyObject);
  }

  function ruleFor(grantTypes: readonly string[], scopes: readonly string[]) {
    return {
      type: "RESOURCE_ACCESS",
      name: ruleName,
      status: "ACTIVE",
      priority: 1,
      conditions: {
        // Who may use an application is decided by its assignments; machines are nobody.
        people: { groups: { include: ["EVERYONE"] }, users: { include: [] } },
        // A refresh token follows from the grant that brought it.
        grantTypes: { include: grantTypes.filter((grant) => grant !== "refresh_token") },
        scopes: { include: scopes },
      },
      // Okta's own defaults beside the first: refresh tokens live for ever, and end when unused for a week.
      actions: {
        token: {
          accessTokenLifetimeMinutes: accessTokenMinutes,
          refreshTokenLifetimeMinutes: 0,
          refreshTokenWindowMinutes: 10_080,
        },
      },
    };
  }

  async function saveRule(policyId: string, before: RuleObject | undefined, rule: ReturnType<typeof ruleFor>) {
    const doing = "Saving what the client may ask for";
    const path = `${pathOf(policyId)}/rules`;
    if (!before) {
      await api.run({ method: "POST", path, body: rule, doing });
      return;
    }
    const { id, created: _created, lastUpdated: _lastUpdated, system: _system, _links, ...kept } = before;
    // Lifetimes that somebody has set in the console stay.
    const body = { ...kept, type: rule.type, conditions: { ...before.conditions, ...rule.conditions } };
    await api.run({ method: "PUT", path: `${path}/${encodeURIComponent(id)}`, body, doing });
  }

  async function removePolicy(policyId: string): Promise<void> {
    const doing = "Removing the client's access policy";
    await unlessAbsent(api.run({ method: "DELETE", path: pathOf(policyId), doing }));
  }

  return {
    async admit({ clientId, grantTypes }, scopes) {
      const [policy] = await policiesOf(clientId);
      if (policy) {
        const rule = (await listRules(org, policy.id)).find(({ name }) => name === ruleName);
        const wanted = scopes ?? rule?.conditions?.scopes?.include ?? [];
        await saveRule(policy.id, rule, ruleFor(grantTypes, wanted));
      } else if (scopes) {
        const made = await createPolicy(clientId);
        try {
          await saveRule(made.id, undefined, ruleFor(grantTypes, scopes));
        } catch (error) {
          // A policy without a rule admits nobody, and stands in the way of nobody: what failed first counts.
          await removePolicy(made.id).catch(() => undefined);
          throw error;
        }
      }
    },

    async withdraw(clientId) {
      for (const { id } of await policiesOf(clientId)) await removePolicy(id);
    },
  };
}

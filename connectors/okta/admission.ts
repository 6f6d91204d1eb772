/**
 * Which clients may ask for which scopes. Okta keeps that in access policies of the authorization server: a policy
 * names clients, its rules name grant types and scopes. Each client that the portal admits has a policy of its own.
 */
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import { inForce, toTokenAction, type Lifetimes } from "./lifetimes.ts";
import type { Org } from "./org.ts";
import { policyList, policyObject, ruleList, type PolicyObject, type RuleObject } from "./wire.ts";

/** Okta gives all policies of a server in one answer. */
const maximumBytes = 4 * 1024 * 1024;
const ruleName = "Latchkey";
const longestName = 100;

/** What a policy of ours is made for. */
export type AdmittedClient = {
  clientId: string;
  grantTypes: readonly string[];
  /** As its developer has chosen them. */
  lifetimes: Lifetimes;
};

export type Admission = {
  /**
   * Lets a client ask for scopes, with the grant types that it has.
   *
   * @param wish.scopes those from now on; left out, those that it may ask for already
   * @param wish.setsLifetimes whether lifetimes that somebody has set in the console give way to the chosen ones
   */
  admit(client: AdmittedClient, wish: { scopes?: readonly string[]; setsLifetimes?: boolean }): Promise<void>;
  /** Whether a client has a policy of ours. */
  isAdmitted(clientId: string): Promise<boolean>;
  /** Of the chosen lifetimes, what is in force: nothing for a client without a policy of ours. */
  lifetimesOf(client: Pick<AdmittedClient, "clientId" | "lifetimes">): Promise<Lifetimes>;
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
 * @param keyManager.accessTokenMinutes how long access tokens live where a developer has chosen nothing
 * @returns its calls; each throws `ConnectorError` as `org.api` does
 */
export function openAdmission(org: Org, keyManager: { accessTokenMinutes: number }): Admission {
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

  function ruleFor({ grantTypes, lifetimes }: AdmittedClient, scopes: readonly string[]) {
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
      actions: { token: toTokenAction(lifetimes, keyManager) },
    };
  }

  type Rule = ReturnType<typeof ruleFor>;

  async function ownRule(policyId: string): Promise<RuleObject | undefined> {
    return (await listRules(org, policyId)).find(({ name }) => name === ruleName);
  }

  async function saveRule(
    policyId: string,
    { before, rule, setsLifetimes }: { before?: RuleObject | undefined; rule: Rule; setsLifetimes: boolean },
  ) {
    const doing = "Saving what the client may ask for";
    const path = `${pathOf(policyId)}/rules`;
    if (!before) {
      await api.run({ method: "POST", path, body: rule, doing });
      return;
    }
    const { id, created: _created, lastUpdated: _lastUpdated, system: _system, _links, ...kept } = before;
    const token = { ...before.actions?.token, ...rule.actions.token };
    const body = {
      ...kept,
      type: rule.type,
      conditions: { ...before.conditions, ...rule.conditions },
      ...(setsLifetimes && { actions: { ...before.actions, token } }),
    };
    await api.run({ method: "PUT", path: `${path}/${encodeURIComponent(id)}`, body, doing });
  }

  async function removePolicy(policyId: string): Promise<void> {
    const doing = "Removing the client's access policy";
    await unlessAbsent(api.run({ method: "DELETE", path: pathOf(policyId), doing }));
  }

  return {
    async admit(client, { scopes, setsLifetimes = false }) {
      const [policy] = await policiesOf(client.clientId);
      if (policy) {
        const before = await ownRule(policy.id);
        const wanted = scopes ?? before?.conditions?.scopes?.include ?? [];
        await saveRule(policy.id, { before, rule: ruleFor(client, wanted), setsLifetimes });
      } else if (scopes) {
        const made = await createPolicy(client.clientId);
        try {
          await saveRule(made.id, { rule: ruleFor(client, scopes), setsLifetimes });
        } catch (error) {
          // A policy without a rule admits nobody, and stands in the way of nobody: what failed first counts.
          await removePolicy(made.id).catch(() => undefined);
          throw error;
        }
      }
    },

    async isAdmitted(clientId) {
      return (await policiesOf(clientId)).length > 0;
    },

    async lifetimesOf({ clientId, lifetimes }) {
      const [policy] = await policiesOf(clientId);
      return policy ? inForce(lifetimes, (await ownRule(policy.id))?.actions?.token) : {};
    },

    async withdraw(clientId) {
      for (const { id } of await policiesOf(clientId)) await removePolicy(id);
    },
  };
}

import { lockApplication, searchApplications } from "#lib/data/applications.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApplicationId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { requirePerson } from "../applications/own.ts";
import { defineMutation, defineQuery } from "../verb.ts";
import {
  AttachClientInput,
  FindApplicationsInput,
  type AttachableApplication,
  type AttachedClient,
} from "./contract.ts";
import { clearFailed } from "./generate.ts";
import { requireDirectTokens, requireUsableKeyManager } from "./rules.ts";
import { storeMapped } from "./store-mapped.ts";
import { auditedClient, auditSubject } from "./subject.ts";

/** How many applications a search shows. */
const shownAtMost = 20;

/** Applications of the tenant, whoever owns them, that a client can be attached to; by name. */
export const findApplications = defineQuery({
  action: "application.find",
  permission: "key_mapping:map_unproven",
  input: FindApplicationsInput,
  async run(ctx, { search }): Promise<AttachableApplication[]> {
    const found = await searchApplications(ctx, { search, limit: shownAtMost });
    return found.map(({ id, name, ownerName }) => ({ id, name, ownerName }));
  },
});

/**
 * Attaches an existing OAuth client to an application of a developer, on the word of an administrator: nothing proves
 * whose client it is, and the audit says so. For clients that neither secret nor assertion can prove. The key manager
 * is not called. At a global key manager it is refused, because its clients belong to other tenants as well.
 *
 * @throws {AppError} `application.not_found`, `key_manager.*`, `key_mapping.conflict`, `key_mapping.busy`,
 *   `key_mapping.claimed`
 */
export const attachClient = defineMutation({
  action: "key_mapping.attach",
  permission: "key_mapping:map_unproven",
  input: AttachClientInput,
  async run(ctx, { applicationId, keyManagerId, keyType, consumerKey, consumerSecret }): Promise<AttachedClient> {
    const { personId } = requirePerson(ctx.actor);
    const application = await lockApplication(ctx, applicationId as ApplicationId);
    if (!application) throw new AppError("application.not_found");
    const keyManager = await requireUsableKeyManager(ctx, keyManagerId);
    const { record } = keyManager;
    requireDirectTokens(record);
    if (record.globalKeyManagerId !== null) {
      throw new AppError("key_manager.not_allowed", {
        message:
          `${record.displayName} serves several tenants, so who owns a client there must be proved. ` +
          `Its developer maps it with the consumer secret or a signed assertion.`,
      });
    }
    await clearFailed(ctx, { applicationId: application.id, keyManagerId: record.id, keyType });
    const stored = await storeMapped(ctx, {
      ...{ application, keyManager, keyType, proved: null, createdById: personId },
      ref: { consumerKey, ...(consumerSecret ? { consumerSecret: new Secret(consumerSecret) } : {}) },
    });
    if ("refused" in stored) throw stored.refused;
    const { subject } = stored;
    ctx.audit({
      subject: auditSubject(subject),
      after: { ...auditedClient(subject.mapping), proof: "none, by an administrator", owner: application.ownerName },
    });
    return { application: application.name, consumerKey };
  },
});

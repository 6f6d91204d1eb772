/** What Microsoft Graph sends and takes for applications, and how it maps to our terms. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import type { ClientSpec, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { ClientSettings } from "./config.ts";
import { credentialName, foreignTags, guid, tagOf, tagValues } from "./names.ts";

const id = z.string().regex(guid);
const texts = z.array(z.string().max(2048)).max(2000);
const flag = z.boolean().nullish();
const time = z
  .string()
  .max(40)
  .refine((text) => !Number.isNaN(Date.parse(text)));

/** A secret of an application; its value is shown once, when it is made. */
export const passwordCredential = z.looseObject({
  keyId: id,
  displayName: z.string().max(1000).nullish(),
  /** The first three characters. */
  hint: z.string().max(10).nullish(),
  startDateTime: time.nullish(),
  endDateTime: time.nullish(),
});
export type PasswordCredential = z.output<typeof passwordCredential>;
export const newPassword = passwordCredential.extend({ secretText: z.string().min(1).max(1000) });

/** Sent back as it came where it stays: Graph replaces the whole collection. */
const keyCredential = z.looseObject({
  displayName: z.string().max(1000).nullish(),
  /** Only there where it is asked for by name, in the answer for one object. */
  key: z.string().max(100_000).nullish(),
});
type KeyCredential = z.output<typeof keyCredential>;

const redirects = z.looseObject({ redirectUris: texts.nullish() }).nullish();

export const application = z.looseObject({
  id,
  appId: id,
  displayName: z.string().max(2000).nullish(),
  signInAudience: z.string().max(200).nullish(),
  tags: texts.nullish(),
  isFallbackPublicClient: flag,
  web: z
    .looseObject({
      redirectUris: texts.nullish(),
      homePageUrl: z.string().max(5000).nullish(),
      logoutUrl: z.string().max(5000).nullish(),
      implicitGrantSettings: z.looseObject({ enableAccessTokenIssuance: flag, enableIdTokenIssuance: flag }).nullish(),
    })
    .nullish(),
  spa: redirects,
  publicClient: redirects,
  info: z
    .looseObject({
      privacyStatementUrl: z.string().max(5000).nullish(),
      termsOfServiceUrl: z.string().max(5000).nullish(),
    })
    .nullish(),
  passwordCredentials: z.array(passwordCredential).max(2000).nullish(),
  keyCredentials: z.array(keyCredential).max(2000).nullish(),
});
export type Application = z.output<typeof application>;

/** Members that are asked for by name: certificates are left out of answers otherwise. */
export const selected = [...Object.keys(application.shape)].join(",");

export const identified = z.looseObject({ id });

/** Grant types that Entra knows; which of them an application may use follows from its credentials and redirect URIs. */
export const grantTypes = [
  "authorization_code",
  "implicit",
  "client_credentials",
  "refresh_token",
  "password",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:jwt-bearer",
] as const;

/** Where an application's redirect URIs stand, by where it runs. */
const platforms = { web: "web", spa: "spa", native: "publicClient" } as const;
type Platform = keyof typeof platforms;
const platformNames = Object.keys(platforms) as Platform[];

const urisAt = (app: Application, platform: Platform) => app[platforms[platform]]?.redirectUris ?? [];
const isPlatform = (text: string | undefined): text is Platform => text !== undefined && text in platforms;

function platformOf(app: Application): Platform {
  const [noted] = tagValues(app.tags ?? [], "platform");
  if (isPlatform(noted)) return noted;
  if (app.passwordCredentials?.length || app.keyCredentials?.length || urisAt(app, "web").length) return "web";
  return urisAt(app, "spa").length ? "spa" : "native";
}

/** Whether a credential is one that Latchkey made. */
export function isOwn({ displayName }: { displayName?: string | null | undefined }): boolean {
  return displayName === credentialName || (displayName?.startsWith(`${credentialName} `) ?? false);
}

/** A certificate as Graph takes it: DER in base64. */
function keyOf(certificate: string): string {
  try {
    return new X509Certificate(certificate).raw.toString("base64");
  } catch (cause) {
    throw new ConnectorError(
      "rejected",
      "Certificate: this is a public key, and Entra takes certificates only. Enter one (-----BEGIN CERTIFICATE-----).",
      { cause },
    );
  }
}

function pemOf(key: string): string {
  return `-----BEGIN CERTIFICATE-----\n${key.match(/.{1,64}/g)?.join("\n") ?? ""}\n-----END CERTIFICATE-----\n`;
}

/** The certificates an application shall have; nothing where it has them, because Graph takes no change of one it holds. */
function keyCredentialsFor({ authentication }: ClientSettings, held: KeyCredential[]): { keyCredentials?: unknown[] } {
  const wanted: KeyCredential[] = held.filter((credential) => !isOwn(credential));
  if (authentication.method === "private_key_jwt") {
    const key = keyOf(authentication.certificate);
    const same = held.find((credential) => isOwn(credential) && credential.key === key);
    wanted.push(same ?? { type: "AsymmetricX509Cert", usage: "Verify", displayName: credentialName, key });
  }
  const isSame = wanted.length === held.length && wanted.every((credential) => held.includes(credential));
  return isSame ? {} : { keyCredentials: wanted };
}

/** URIs stay at the platform where somebody put them, as long as the application runs where it ran. */
function redirectsFor(asked: string[], platform: Platform, before: Application | undefined) {
  const kept = before && platformOf(before) === platform ? before : undefined;
  const others = platformNames.filter((name) => name !== platform);
  const stay = (name: Platform) => (kept ? urisAt(kept, name).filter((uri) => asked.includes(uri)) : []);
  const elsewhere = others.flatMap(stay);
  return (name: Platform) => ({
    ...before?.[platforms[name]],
    // Graph derives it from the URIs, and refuses the two where they differ.
    redirectUriSettings: undefined,
    redirectUris: name === platform ? asked.filter((uri) => !elsewhere.includes(uri)) : stay(name),
  });
}

/**
 * Members of the application for what a developer asked for. Collections are whole, because Graph replaces them.
 *
 * @param before the application as it stands; what others have set in it is kept
 * @throws {ConnectorError} `rejected` for wishes that contradict each other
 */
export function toApplication(spec: ClientSpec<ClientSettings>, before?: Application): Record<string, unknown> {
  const { name, marker, grantTypes: asked, redirectUris, settings } = spec;
  const { authentication } = settings;
  if (authentication.method === "none" && asked.includes("client_credentials")) {
    throw new ConnectorError(
      "rejected",
      "Grant types: an application without a secret gets no token of its own. Leave out client_credentials, or choose a secret or certificate.",
    );
  }
  const platform = authentication.method === "none" ? authentication.platform : "web";
  const redirectsAt = redirectsFor(redirectUris, platform, before);
  const days = authentication.method === "client_secret" ? authentication.secretDays : undefined;
  return {
    displayName: name,
    signInAudience: settings.signInAudience,
    tags: [
      ...foreignTags(before?.tags ?? []),
      tagOf("marker", marker),
      tagOf("platform", platform),
      ...asked.map((grant) => tagOf("grant", grant)),
      ...(days === undefined ? [] : [tagOf("secret-days", String(days))]),
    ],
    isFallbackPublicClient: authentication.method === "none",
    web: {
      ...redirectsAt("web"),
      homePageUrl: settings.homePageUrl ?? null,
      logoutUrl: settings.logoutUrl ?? null,
      implicitGrantSettings: {
        enableAccessTokenIssuance: asked.includes("implicit"),
        enableIdTokenIssuance: settings.implicitIdTokens,
      },
    },
    spa: redirectsAt("spa"),
    publicClient: redirectsAt("native"),
    info: {
      // A logo is uploaded elsewhere; here it can only be read.
      ...before?.info,
      logoUrl: undefined,
      privacyStatementUrl: settings.privacyStatementUrl ?? null,
      termsOfServiceUrl: settings.termsOfServiceUrl ?? null,
    },
    ...keyCredentialsFor(settings, before?.keyCredentials ?? []),
  };
}

/** What Entra has no switch for is in our tags; of an application that others made, it follows from what it has. */
function grantTypesOf(app: Application): string[] {
  const mayImplicit = app.web?.implicitGrantSettings?.enableAccessTokenIssuance ?? false;
  const noted = tagValues(app.tags ?? [], "grant");
  if (tagValues(app.tags ?? [], "platform").length > 0) {
    return noted.filter((grant) => grant !== "implicit" || mayImplicit);
  }
  const hasRedirect = platformNames.some((name) => urisAt(app, name).length > 0);
  const hasCredential = !!app.passwordCredentials?.length || !!app.keyCredentials?.length;
  const is: Partial<Record<(typeof grantTypes)[number], boolean>> = {
    authorization_code: hasRedirect,
    implicit: mayImplicit,
    client_credentials: hasCredential,
    refresh_token: hasRedirect,
    "urn:ietf:params:oauth:grant-type:device_code": app.isFallbackPublicClient ?? false,
  };
  return grantTypes.filter((grant) => is[grant]);
}

function authenticationOf(app: Application): Record<string, unknown> & { method: string } {
  const platform = platformOf(app);
  if (platform !== "web") return { method: "none", platform };
  const keys = app.keyCredentials ?? [];
  const key = keys.find(isOwn) ?? (app.passwordCredentials?.length ? undefined : keys[0]);
  if (key) return { method: "private_key_jwt", ...(key.key && { certificate: pemOf(key.key) }) };
  const days = Number(tagValues(app.tags ?? [], "secret-days")[0]);
  return { method: "client_secret", ...(Number.isInteger(days) && { secretDays: days }) };
}

/** Whether an application proves itself with a secret. */
export function usesSecret(app: Application): boolean {
  return authenticationOf(app).method === "client_secret";
}

/**
 * An application in our terms.
 *
 * @param secret the one that is known: Entra never shows one again
 */
export function toRegisteredClient(app: Application, secret?: Secret): RegisteredClient {
  const { web, info } = app;
  const addresses = {
    homePageUrl: web?.homePageUrl,
    logoutUrl: web?.logoutUrl,
    privacyStatementUrl: info?.privacyStatementUrl,
    termsOfServiceUrl: info?.termsOfServiceUrl,
  };
  return {
    ref: {
      consumerKey: app.appId,
      vendorId: app.id,
      ...(secret && usesSecret(app) && { consumerSecret: secret }),
    },
    state: {
      name: app.displayName ?? "",
      grantTypes: grantTypesOf(app),
      redirectUris: platformNames.flatMap((name) => urisAt(app, name)),
      settings: {
        authentication: authenticationOf(app),
        signInAudience: app.signInAudience ?? "AzureADMyOrg",
        implicitIdTokens: web?.implicitGrantSettings?.enableIdTokenIssuance ?? false,
        ...Object.fromEntries(Object.entries(addresses).filter(([, address]) => address)),
      },
    },
  };
}

import type { Tone } from "#components/ui/badge.tsx";
import type { FieldDescriptor } from "#lib/connector-kit/descriptors.ts";

type SampleKeyManager = {
  name: string;
  monogram: string;
  kind: string;
  tone: Tone;
  state: string;
  issuer: string;
  apis: number;
  changed: string;
};

export const keyManagers: readonly SampleKeyManager[] = [
  {
    name: "built-in",
    monogram: "Lk",
    kind: "Latchkey",
    tone: "good",
    state: "Enabled",
    issuer: "https://portal.nordwind.example/t/nordwind/oidc",
    apis: 12,
    changed: "2026-01-04T08:00:00.000Z",
  },
  {
    name: "keycloak-prod",
    monogram: "Kc",
    kind: "Keycloak",
    tone: "good",
    state: "Enabled",
    issuer: "https://id.nordwind.example/realms/main",
    apis: 9,
    changed: "2026-02-19T15:30:00.000Z",
  },
  {
    name: "partner-sso",
    monogram: "Oi",
    kind: "OpenID Connect",
    tone: "bad",
    state: "Failing",
    issuer: "https://login.partner.example/oauth2/aus1fg2h3jk4LmNoPq5r7/a-very-long-authorization-server-name",
    apis: 1,
    changed: "2026-03-01T11:12:00.000Z",
  },
  {
    name: "legacy-forge",
    monogram: "Fr",
    kind: "ForgeRock",
    tone: "neutral",
    state: "Disabled",
    issuer: "https://am.legacy.example/openam/oauth2/realms/root/realms/eu",
    apis: 0,
    changed: "2025-09-12T07:45:00.000Z",
  },
];

/** One field of each kind. */
export const connectionFields: FieldDescriptor[] = [
  {
    kind: "url",
    name: "adminUrl",
    label: "Admin URL",
    help: "Where the server's administration API answers.",
    placeholder: "https://id.example.com/admin",
    optional: false,
  },
  {
    kind: "secret",
    name: "initialToken",
    secretKey: "initialToken",
    label: "Initial access token",
    help: "Sent when the portal registers clients.",
    multiline: false,
    optional: false,
  },
  {
    kind: "method",
    name: "authentication",
    label: "Administrator sign-in",
    help: "How the portal proves who it is at the server.",
    optional: false,
    discriminator: "method",
    fallback: "secret",
    options: [
      {
        value: "secret",
        label: "Client secret",
        help: "A confidential client",
        fields: [
          { kind: "text", name: "clientId", label: "Client id", multiline: false, maximumLength: 200, optional: false },
          {
            kind: "secret",
            name: "clientSecret",
            secretKey: "authentication.secret.clientSecret",
            label: "Client secret",
            multiline: false,
            optional: false,
          },
        ],
      },
      {
        value: "key",
        label: "Private key",
        help: "private_key_jwt",
        fields: [
          {
            kind: "secret",
            name: "privateKey",
            secretKey: "authentication.key.privateKey",
            label: "Private key",
            multiline: true,
            optional: false,
          },
        ],
      },
    ],
  },
  {
    kind: "choice",
    name: "subject",
    label: "Subject type",
    appearance: "select",
    optional: true,
    options: [
      { value: "public", label: "Public" },
      { value: "pairwise", label: "Pairwise", help: "Each client sees another subject." },
    ],
  },
  {
    kind: "choice",
    name: "format",
    label: "Access token format",
    appearance: "radio",
    optional: false,
    fallback: "jwt",
    options: [
      { value: "jwt", label: "JWT", help: "Checked by its signature." },
      { value: "opaque", label: "Opaque", help: "Checked by introspection." },
    ],
  },
  {
    kind: "multiChoice",
    name: "grants",
    label: "Grant types offered",
    optional: false,
    fallback: ["client_credentials"],
    options: [
      { value: "client_credentials", label: "Client credentials" },
      { value: "authorization_code", label: "Authorization code" },
      { value: "refresh_token", label: "Refresh token" },
    ],
  },
  {
    kind: "list",
    name: "scopes",
    label: "Default scopes",
    help: "Enter or comma after each.",
    items: "text",
    maximumItems: 20,
    optional: true,
    fallback: ["openid", "orders:read"],
  },
  {
    kind: "number",
    name: "timeout",
    label: "Time limit",
    minimum: 1,
    maximum: 60,
    integer: true,
    unit: "seconds",
    optional: false,
    fallback: 10,
  },
  {
    kind: "flag",
    name: "rotate",
    label: "Rotate registration tokens",
    help: "Keep the token that each answer brings.",
    optional: false,
    fallback: true,
  },
  {
    kind: "certificate",
    name: "certificate",
    label: "Server certificate",
    help: "Only where the server's certificate is signed by a private authority.",
    optional: true,
    advanced: true,
  },
  {
    kind: "text",
    name: "notes",
    label: "Notes",
    multiline: true,
    maximumLength: 500,
    optional: true,
    advanced: true,
  },
];

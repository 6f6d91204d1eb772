/** @type {import("next").NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // The portal draws its pictures itself; the optimizer would only be an attack surface.
  images: { unoptimized: true },
  typedRoutes: false,
  // Types are checked once, by `npm test`: a start need not do it again.
  typescript: { ignoreBuildErrors: true },
  // forbidden() answers 403 with a page of its own.
  experimental: { authInterrupts: true },
  // In development the arguments of actions would be printed, passwords among them.
  logging: { serverFunctions: false },
  serverExternalPackages: [
    "oidc-provider",
    "pg",
    "pg-boss",
    "pino",
    "@node-rs/argon2",
    "light-my-request",
    "undici",
    "prom-client",
    "@seriousme/openapi-schema-validator",
  ],
};

export default config;

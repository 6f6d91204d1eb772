import next from "eslint-config-next/core-web-vitals";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Tests, and what only tests load: suites, vendors in memory. */
const testFiles = [
  "**/*.test.{ts,tsx}",
  "**/{conformance,simulator,simulator-*}.ts",
  "**/conformance/*.ts",
  "docs/**",
  "tooling/**",
  "e2e/**",
  "*.config.ts",
];

/** What an import may not name, with the reason that the editor shows. dependency-cruiser knows the whole rule. */
const nextAndReact = {
  group: ["next", "next/*", "react", "react-dom", "react/*"],
  message: "Next.js and React belong to app, components and lib/web.",
};
const ownLink = {
  group: ["next/link"],
  message: "Use components/ui/link.tsx: it fetches a page in advance only when somebody comes near.",
};
const prismaOnly = {
  group: ["@prisma/*", "**/generated/*"],
  message: "Prisma belongs to lib/data.",
};

export default defineConfig(
  globalIgnores([
    ".next/",
    ".latchkey/",
    "lib/data/generated/",
    "packages/*/dist/",
    "next-env.d.ts",
    "playwright-report/",
    "test-results/",
  ]),
  { files: ["app/**", "components/**", "lib/web/**", "*.{ts,js}"], extends: [next] },
  {
    files: ["**/*.{ts,tsx,mts}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // A suppression carries its reason.
      "@typescript-eslint/ban-ts-comment": ["error", { minimumDescriptionLength: 10 }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      // Numbers and ids in messages read well as they are.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // An arrow that hands a call on is house style: `() => log.info(…)`.
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-invalid-void-type": "off",
      // Doing nothing is said by an empty arrow function.
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions"] }],
      // Ports are promised to be asynchronous even where one implementation need not be.
      "@typescript-eslint/require-await": "off",
      // Type parameters that tie input to output stand once where inference does the rest.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // Our objects are closures: no member needs `this`, and taking one out by destructuring is house style.
      "@typescript-eslint/unbound-method": "off",
      // `void (await …)` says that a result is not wanted.
      "@typescript-eslint/no-meaningless-void-operator": "off",
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/prefer-promise-reject-errors": "off",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-deprecated": "error",
      eqeqeq: ["error", "always"],
      "no-console": "error",
      "no-empty": ["error", { allowEmptyCatch: false }],
      "no-restricted-globals": [
        "error",
        { name: "fetch", message: "The only way out of the process is the outbound fetch: ctx.deps.outbound." },
      ],
      "no-restricted-properties": [
        "error",
        { object: "globalThis", property: "fetch", message: "Use ctx.deps.outbound." },
        { object: "process", property: "env", message: "Read settings from lib/foundation/env.ts." },
      ],
      "no-restricted-imports": [
        "error",
        { paths: [{ name: "undici", message: "Use ctx.deps.outbound." }], patterns: [nextAndReact, prismaOnly] },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "TSEnumDeclaration", message: "Erasable TypeScript only: use a union of literals." },
        {
          selector:
            "BinaryExpression[operator='instanceof'][right.name=/(AppError|ConnectorError|OutboundError|OAuthError|Secret)$/]",
          message: "Two copies of our modules may share a process: use isAppError, isConnectorError, isSecret …",
        },
      ],
    },
  },
  {
    files: ["app/**", "components/**", "lib/web/**", "proxy.ts", "instrumentation.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [prismaOnly, ownLink] }] },
  },
  {
    files: ["components/ui/link.tsx"],
    rules: { "no-restricted-imports": ["error", { patterns: [prismaOnly] }] },
  },
  {
    files: ["lib/data/**"],
    rules: { "no-restricted-imports": ["error", { patterns: [nextAndReact] }] },
  },
  {
    // The one reader of settings; and Next.js replaces NEXT_RUNTIME by its value when it builds.
    files: ["lib/foundation/env.ts", "instrumentation.ts"],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["lib/foundation/outbound*.ts"],
    rules: {
      "no-restricted-globals": "off",
      "no-restricted-imports": ["error", { patterns: [nextAndReact, prismaOnly] }],
    },
  },
  {
    files: ["server.ts"],
    rules: { "no-restricted-imports": "off" },
  },
  {
    // The browser's fetch to our own origin is not the server's way out.
    files: ["components/**"],
    rules: { "no-restricted-globals": "off" },
  },
  {
    files: testFiles,
    rules: {
      "no-console": "off",
      "no-restricted-globals": "off",
      "no-restricted-imports": "off",
      "no-restricted-properties": "off",
      // What a callback changes while a test waits for it looks constant to this rule.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // Stores in memory that are written as JSON are dictionaries.
      "@typescript-eslint/no-dynamic-delete": "off",
      // Vendors in memory read what was sent to them; a wrong shape shows in the expectation.
      "@typescript-eslint/no-base-to-string": "off",
      // The strings that tests take apart are their own, in ASCII.
      "@typescript-eslint/no-misused-spread": "off",
      // Tests look into values whose shape the expectation itself states.
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unsafe-call": "off",
    },
  },
);

/**
 * Which part of the house may import which: the table of docs/architecture.md, as rules.
 * tooling/architecture.test.ts breaks each of them once and expects to be told.
 */
const tests = "\\.test\\.tsx?$";
/** Files that only tests load: in-memory vendors, suites, fixtures. */
const testOnly = "(^|/)(conformance|testing)(/|\\.tsx?$)|(^|/)simulator[-a-z]*\\.ts$|\\.suite\\.ts$|\\.fixture\\.ts$";
const product = "^(app|components|connectors|lib)/|^server\\.ts$|^proxy\\.ts$|^instrumentation\\.ts$";
const ours = "^(app|components|connectors|e2e|lib|packages|tooling)/|^[^/]+\\.tsx?$";

/** One row of the table: files that match `from` may import of ours only what matches `allowed`. */
function row(name, from, allowed, comment) {
  return {
    name,
    comment,
    severity: "error",
    from: { path: from, pathNot: [tests, testOnly] },
    to: { path: ours, pathNot: allowed },
  };
}

const reachableFromApp = [
  "^app/",
  "^components/",
  "^lib/(web|features|foundation)/",
  "^lib/runtime(\\.ts$|/)",
  "^lib/connector-kit/descriptors\\.ts$",
];
const generated = "^lib/data/generated/";

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Two files that need each other are one thing, or a third thing is missing.",
      severity: "error",
      from: { pathNot: generated },
      to: { circular: true, viaOnly: { pathNot: generated, dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      comment: "An import that cannot be resolved is an import that no rule sees.",
      severity: "error",
      from: { pathNot: generated },
      to: { couldNotResolve: true },
    },
    row(
      "app",
      "^app/(?!\\(auth\\)/t/)",
      reachableFromApp,
      "Routes are adapters: components, lib/web, verbs and the runtime.",
    ),
    row(
      "app-authorization-pages",
      "^app/\\(auth\\)/t/",
      [...reachableFromApp, "^lib/authorization-server/"],
      "Sign-in and consent pages of the built-in server speak with it too.",
    ),
    row(
      "components-ui",
      "^components/ui/",
      ["^components/ui/", "^lib/features/actions/contract\\.ts$"],
      "Primitives know nothing of the domain.",
    ),
    row(
      "components-form",
      "^components/(form|shell|path)/",
      ["^components/(form|shell|path|ui)/", "^lib/features/([^/]+)/contract\\.ts$", "^lib/features/permissions\\.ts$"],
      "The form glue, the shell and The Path know primitives and contracts.",
    ),
    row(
      "components-schema-form",
      "^components/schema-form/",
      ["^components/(schema-form|form|ui)/", "^lib/connector-kit/descriptors\\.ts$"],
      "A schema form knows descriptors, not connectors.",
    ),
    row(
      "components-feature",
      "^components/(?!ui/|form/|shell/|path/|schema-form/)",
      [
        "^components/",
        "^lib/features/([^/]+)/contract\\.ts$",
        "^lib/features/permissions\\.ts$",
        "^lib/connector-kit/(descriptors|token-parameters)\\.ts$",
      ],
      "Components see views: what a feature's contract.ts defines.",
    ),
    row(
      "lib-web",
      "^lib/web/",
      ["^lib/web/", "^lib/features/", "^lib/runtime(\\.ts$|/)", "^lib/foundation/"],
      "The Next.js glue reaches features and the runtime.",
    ),
    row(
      "server",
      "^server\\.ts$",
      [
        "^lib/(front-door|gateway|jobs|features|token-validation|authorization-server|foundation)/",
        "^lib/runtime(\\.ts$|/)",
      ],
      "The front door mounts modules.",
    ),
    row("front-door", "^lib/front-door/", ["^lib/front-door/", "^lib/foundation/"], "Knows requests, not the domain."),
    row(
      "gateway-and-jobs",
      "^lib/(gateway|jobs)/",
      ["^lib/(gateway|jobs|features|token-validation|authorization-server|foundation|data)/", "^lib/runtime(\\.ts$|/)"],
      "Faces of the validator and background work.",
    ),
    row(
      "runtime",
      "^lib/runtime(\\.ts$|/)",
      ["^lib/(?!web/)", "^connectors/registry\\.ts$"],
      "The composition root reaches everything but the Next.js glue.",
    ),
    row(
      "features",
      "^lib/features/",
      ["^connectors/registry\\.ts$", "^lib/(connector-kit|data|protocol|foundation|features)/"],
      "Business rules stand on data, protocol and connectors, never on frameworks.",
    ),
    row(
      "connectors",
      "^connectors/([^/]+)/",
      ["^connectors/$1/", "^lib/(connector-kit|protocol|foundation)/"],
      "A connector stands on the kit and the protocol, never on another vendor.",
    ),
    row(
      "connector-registry",
      "^connectors/registry\\.ts$",
      ["^connectors/([^/]+)/index\\.ts$", "^lib/connector-kit/"],
      "The registry is one line per vendor.",
    ),
    row(
      "authorization-server",
      "^lib/authorization-server/",
      ["^lib/(authorization-server|data|protocol|foundation)/"],
      "The built-in server stands on data and protocol.",
    ),
    row(
      "token-validation",
      "^lib/token-validation/",
      ["^lib/(token-validation|protocol|foundation)/"],
      "The validator is pure.",
    ),
    row(
      "connector-kit",
      "^lib/connector-kit/",
      ["^lib/(connector-kit|protocol|foundation)/"],
      "The kit stands on the protocol.",
    ),
    row("data", "^lib/data/", ["^lib/(data|foundation)/"], "Data knows rows, not rules."),
    row("protocol", "^lib/protocol/", ["^lib/(protocol|foundation)/"], "The protocol core knows no product."),
    row("packages", "^packages/([^/]+)/", ["^packages/$1/"], "What others install stands on nothing of ours."),
    row("foundation", "^lib/foundation/", ["^lib/foundation/"], "The foundation stands on nothing of ours."),
    {
      name: "contracts-are-client-safe",
      comment: "A contract.ts runs in browsers too: zod, types, other contracts, pure tables.",
      severity: "error",
      from: { path: "^lib/features/[^/]+/contract\\.ts$" },
      to: {
        path: ours,
        pathNot: [
          "/contract\\.ts$",
          "^lib/features/permissions\\.ts$",
          "^lib/connector-kit/(constraints|descriptors|patterns|token-parameters)\\.ts$",
          "^lib/foundation/(claims|cursor|text)\\.ts$",
        ],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "next-and-react",
      comment: "Next.js and React belong to app, components, lib/web and the front door's own file.",
      severity: "error",
      from: { path: product, pathNot: ["^(app|components|lib/web)/", "^server\\.ts$", "^proxy\\.ts$", tests] },
      to: { path: "^node_modules/(next|react|react-dom|next-auth)/" },
    },
    {
      name: "prisma",
      comment: "Prisma belongs to lib/data.",
      severity: "error",
      from: { path: product, pathNot: ["^lib/data/", tests] },
      to: { path: ["^node_modules/@prisma/", "^node_modules/pg/", generated] },
    },
    {
      name: "outbound",
      comment:
        "lib/foundation/outbound.ts is the only way out of the process, beside the database's driver, which is handed its sockets. " +
        "What reads the gRPC port's certificates opens no connection.",
      severity: "error",
      from: {
        path: product,
        pathNot: [
          "^lib/foundation/outbound[^/]*\\.ts$",
          "^lib/data/watched-socket\\.ts$",
          "^lib/gateway/grpc-tls\\.ts$",
          tests,
        ],
      },
      to: { path: ["^node_modules/undici/", "^(node:)?(https|tls|net|http2)$"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "product-without-tooling",
      comment: "The product does not stand on its tools or tests.",
      severity: "error",
      from: { path: product, pathNot: [tests, testOnly] },
      to: { path: ["^(tooling|e2e)/", tests, testOnly] },
    },
    {
      name: "no-development-dependencies",
      comment: "What the product imports must be installed in production.",
      severity: "error",
      from: { path: product, pathNot: [tests, testOnly] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only", "npm"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(\\.next|\\.latchkey|docs|prisma)/" },
    tsPreCompilationDeps: "specify",
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mts", ".mjs", ".js", ".cjs", ".json", ".css"],
      mainFields: ["module", "main", "types"],
    },
  },
};

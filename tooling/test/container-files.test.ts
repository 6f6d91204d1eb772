import { describe, expect, it } from "vitest";
import { composeProblems, dockerfileProblems } from "./container-files.ts";

describe("a Dockerfile", () => {
  const sound = ["FROM node:24-bookworm-slim AS build", "FROM build", "USER node", 'CMD ["node"]'];

  it.each([
    { mistake: "no instruction", lines: ["FROM node:24", "USER node", "RUNN true"], problem: /^Dockerfile:3 .*RUNN/ },
    { mistake: "root", lines: ["FROM node:24", 'CMD ["node"]'], problem: /the last stage runs as root/ },
    {
      mistake: "root again in the last stage",
      lines: ["FROM node:24 AS build", "USER node", "FROM build", "USER root"],
      problem: /the last stage runs as root/,
    },
    { mistake: "no version", lines: ["FROM node", "USER node"], problem: /the base image node has no version/ },
    { mistake: "the latest version", lines: ["FROM node:latest", "USER node"], problem: /node:latest has no version/ },
    { mistake: "two commands", lines: [...sound, 'CMD ["sh"]'], problem: /^Dockerfile:\d .*CMD/ },
  ])("with $mistake is found out", ({ lines, problem }) => {
    expect(dockerfileProblems(`${lines.join("\n")}\n`)).toContainEqual(expect.stringMatching(problem));
  });

  it("without a mistake is not", () => {
    expect(dockerfileProblems(`${sound.join("\n")}\n`)).toEqual([]);
  });
});

describe("a compose file", () => {
  const healthcheck = '    healthcheck:\n      test: ["CMD", "true"]\n      interval: 1m30s\n';
  const sound = `services:\n  portal:\n    image: portal:1\n${healthcheck}`;

  it.each([
    {
      mistake: "an unknown member",
      text: `${sound}    imagination: 1\n`,
      problem: /^compose\.yaml\/services\/portal /,
    },
    { mistake: "no duration", text: sound.replace("1m30s", "soon"), problem: /healthcheck\/interval .*duration/ },
    { mistake: "no health check", text: sound.replace(healthcheck, ""), problem: /portal has no health check/ },
  ])("with $mistake is found out", ({ text, problem }) => {
    expect(composeProblems(text)).toContainEqual(expect.stringMatching(problem));
  });

  it("without a mistake is not", () => {
    expect(composeProblems(sound)).toEqual([]);
  });
});

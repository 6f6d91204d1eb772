import { expect, it } from "vitest";
import { readWebhookFormat, sectionsOf } from "./format.ts";

it("tells which events there are and how a request is signed, and nothing of streams", async () => {
  const format = await readWebhookFormat();
  for (const event of ["tenant", "key_manager", "key_mapping", "application", "subscription", "api", "plan"]) {
    expect(format).toContain(`\`${event}\``);
  }
  expect(format).toContain("webhook-signature: v1,");
  expect(format).not.toContain("Last-Event-ID");
});

it("takes sections with all that stands below their titles", () => {
  expect(sectionsOf("# P\n\n## A\na\n### B\nb\n## Ab\nc\n## D\nd\n", ["A", "D"])).toBe("## A\na\n### B\nb\n## D\nd\n");
});

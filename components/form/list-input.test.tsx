import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { ListInput, splitEntries } from "./list-input.tsx";

it("takes one entry per line, comma or blank", () => {
  expect(splitEntries(" orders:read,orders:write\n\tstock:read ")).toEqual([
    "orders:read",
    "orders:write",
    "stock:read",
  ]);
});

it("keeps the end of each entry in sight, and the whole in the name of its button", () => {
  const common = `urn:example:${"a".repeat(80)}`;
  const shown = renderToStaticMarkup(
    <ListInput values={[`${common}:read`, `${common}:write`, "z"]} onValuesChange={() => undefined} />,
  );
  const kept = [...shown.matchAll(/<span class="shrink-0">([^<]*)<\/span>/g)].map(([, text]) => text);
  expect(kept).toEqual(["a:read", ":write", "z"]);
  expect(shown).toContain(`aria-label="Remove ${common}:write"`);
});

import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { connectors } from "#connectors/registry.ts";
import { readGuide } from "#lib/features/key-managers/guides.ts";
import { Guide } from "./guide.tsx";

const render = (markdown: string) => renderToStaticMarkup(<Guide markdown={markdown} />);

describe("a guide", () => {
  it("shows tables as tables, and commands ready to copy", () => {
    const shown = render("| See | Do |\n| --- | --- |\n| `401` | Sign in |\n\n```sh\nls -l\n```\n");
    expect(shown).toMatch(/<td[^>]*><code>401<\/code><\/td>/);
    expect(shown).toMatch(/<code[^>]*>ls -l<\/code>/);
    expect(shown).not.toContain("|");
  });

  it("tells requests from commands", () => {
    expect(render("```http\nPOST /hooks HTTP/1.1\n```\n")).toContain("Request");
    expect(render("```sh\nls -l\n```\n")).toContain("Commands");
  });

  it("runs no HTML and leads nowhere", () => {
    const shown = render(
      '<img src=x onerror="alert(1)"> and [a link](javascript:alert(1)), [another](https://else.example)',
    );
    expect(shown).not.toMatch(/<img|<a |href/);
    expect(shown).toContain("another");
  });

  it.each(connectors.map((connector) => [connector.id, connector] as const))(
    "of %s shows no mark of Markdown",
    async (_id, connector) => {
      const markdown = await readGuide(connector);
      const shown = render(markdown).replace(/<(code|pre)[^>]*>.*?<\/\1>/gs, "");
      expect(shown.replace(/<[^>]+>/g, "")).not.toMatch(/^\s*(#|\||```)|\*\*|---/m);
      if (/^\|/m.test(markdown)) expect(shown).toContain("<table");
    },
  );
});

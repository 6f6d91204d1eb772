import { Fragment, type ReactNode } from "react";
import { CodeBlock } from "#components/ui/code-block.tsx";

/** Renders the small part of Markdown that connector guides are written in. */
export function Guide({ markdown }: { markdown: string }) {
  return <div className="flex min-w-0 flex-col gap-3">{blocksOf(markdown).map(renderBlock)}</div>;
}

type Block = { kind: "heading" | "text" | "code" | "ordered" | "unordered"; lines: string[] };

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const line of markdown.replaceAll("\r", "").split("\n")) {
    if (open?.kind === "code") {
      if (line.startsWith("```")) open = null;
      else open.lines.push(line);
      continue;
    }
    if (line.startsWith("```")) {
      open = { kind: "code", lines: [] };
      blocks.push(open);
    } else if (line.trim() === "") {
      open = null;
    } else {
      open = continueBlock(blocks, open, line);
    }
  }
  return blocks;
}

function continueBlock(blocks: Block[], open: Block | null, line: string): Block | null {
  const heading = /^#{1,6}\s+(.*)$/.exec(line);
  const ordered = /^\s*\d+\.\s+(.*)$/.exec(line);
  const unordered = /^\s*[-*]\s+(.*)$/.exec(line);
  if (heading) {
    blocks.push({ kind: "heading", lines: [heading[1] ?? ""] });
    return null;
  }
  const item = ordered ?? unordered;
  if (item) {
    const kind = ordered ? "ordered" : "unordered";
    if (open?.kind === kind) {
      open.lines.push(item[1] ?? "");
      return open;
    }
    const list: Block = { kind, lines: [item[1] ?? ""] };
    blocks.push(list);
    return list;
  }
  if (open) {
    const last = open.lines.length - 1;
    open.lines[last] = `${open.lines[last] ?? ""} ${line.trim()}`;
    return open;
  }
  const text: Block = { kind: "text", lines: [line.trim()] };
  blocks.push(text);
  return text;
}

function renderBlock({ kind, lines }: Block, index: number): ReactNode {
  switch (kind) {
    case "heading":
      return (
        <h3 key={index} className="font-semibold">
          {inline(lines[0] ?? "")}
        </h3>
      );
    case "code":
      return <CodeBlock key={index} label="Commands" code={lines.join("\n")} />;
    case "text":
      return <p key={index}>{inline(lines.join(" "))}</p>;
    case "ordered":
      return (
        <ol key={index} className="flex list-decimal flex-col gap-1.5 pl-5">
          {lines.map((line, item) => (
            <li key={item}>{inline(line)}</li>
          ))}
        </ol>
      );
    case "unordered":
      return (
        <ul key={index} className="flex list-disc flex-col gap-1.5 pl-5">
          {lines.map((line, item) => (
            <li key={item}>{inline(line)}</li>
          ))}
        </ul>
      );
  }
}

/** Code and strong words; links keep their text only, because a guide is read beside a form. */
function inline(text: string): ReactNode {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/g).map((part, index) => {
    if (part.startsWith("`")) return <code key={index}>{part.slice(1, -1)}</code>;
    if (part.startsWith("**")) return <strong key={index}>{part.slice(2, -2)}</strong>;
    if (part.startsWith("[")) return <Fragment key={index}>{part.slice(1, part.indexOf("]"))}</Fragment>;
    return <Fragment key={index}>{part}</Fragment>;
  });
}

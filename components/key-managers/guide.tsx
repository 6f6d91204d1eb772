import { Children, isValidElement, type ReactNode } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "#components/ui/code-block.tsx";

const plugins = [remarkGfm];

/** Renders a guide that is read beside a form, such as a connector's. HTML in it is shown as it stands, never run. */
export function Guide({ markdown }: { markdown: string }) {
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Markdown remarkPlugins={plugins} components={components}>
        {markdown}
      </Markdown>
    </div>
  );
}

/** Headings of a guide stand below the page's own. */
function Heading({ children }: { children?: ReactNode }) {
  return <h3 className="font-semibold">{children}</h3>;
}

const components: Components = {
  h1: Heading,
  h2: Heading,
  h3: Heading,
  h4: Heading,
  ol: ({ children }) => <ol className="flex list-decimal flex-col gap-1.5 pl-5">{children}</ol>,
  ul: ({ children }) => <ul className="flex list-disc flex-col gap-1.5 pl-5">{children}</ul>,
  pre: ({ children }) => (
    <CodeBlock label={isRequest(children) ? "Request" : "Commands"} code={textOf(children).trimEnd()} />
  ),
  // Following one would leave the form.
  a: ({ children }) => <>{children}</>,
  table: ({ children }) => (
    <div className="overflow-x-auto" role="group" aria-label="Table" tabIndex={0}>
      <table className="w-full text-sm">{children}</table>
    </div>
  ),
  th: ({ children }) => <th className="border-line text-muted border-b py-1 pr-3 text-left font-medium">{children}</th>,
  td: ({ children }) => <td className="border-line border-b py-1.5 pr-3 align-top">{children}</td>,
};

/** Whether what Markdown made of a block of code is marked as HTTP. */
function isRequest(block: ReactNode): boolean {
  return isValidElement<{ className?: string }>(block) && block.props.className === "language-http";
}

/** The text of what Markdown made of a block of code. */
function textOf(node: ReactNode): string {
  return Children.toArray(node)
    .map((child) => {
      if (isValidElement<{ children?: ReactNode }>(child)) return textOf(child.props.children);
      return typeof child === "string" || typeof child === "number" ? String(child) : "";
    })
    .join("");
}

import { AppWindow, Boxes, KeyRound, type LucideIcon } from "lucide-react";
import { Fragment, type ReactNode } from "react";
import { cn } from "#components/ui/class-names.ts";

/** How two nodes hang together. */
export type LinkState = "ok" | "missing" | "broken" | "unknown";

export type PathNode = {
  label: ReactNode;
  /** A second line: a name, a count, an issuer. */
  detail?: ReactNode;
  icon?: LucideIcon;
  /** Not there yet: drawn dashed. */
  missing?: boolean;
};

export type PathLink = LinkState | { state: LinkState; reason?: string };

const looks: Record<LinkState, { word: string; line: string; mark: string }> = {
  ok: { word: "open", line: "border-good", mark: "border-good bg-good" },
  missing: { word: "missing", line: "border-control border-dashed", mark: "" },
  broken: { word: "broken", line: "border-bad", mark: "" },
  unknown: { word: "not known", line: "border-control border-dotted", mark: "" },
};

type PathPictureProps = {
  nodes: readonly PathNode[];
  /** One fewer than nodes: the state between each and the next. */
  links: readonly PathLink[];
  className?: string;
};

/** Nodes in a row, joined by links that show their state; stands upright where there is little room. */
export function PathPicture({ nodes, links, className }: PathPictureProps) {
  return (
    <div className={cn("@container", className)}>
      <ol className="flex flex-col items-center @md:flex-row @md:justify-center">
        {nodes.map((node, index) => {
          const link = links[index];
          return (
            <Fragment key={index}>
              <li className="contents">
                <Node node={node} />
                {link !== undefined && index < nodes.length - 1 && <Link link={link} />}
              </li>
            </Fragment>
          );
        })}
      </ol>
    </div>
  );
}

function Node({ node: { label, detail, icon: Icon, missing } }: { node: PathNode }) {
  return (
    <span
      className={cn(
        "bg-surface flex min-h-10 max-w-full min-w-0 items-center gap-2 rounded-lg border px-3 py-1.5 text-left",
        missing ? "border-control text-muted border-dashed" : "border-control/80",
      )}
    >
      {Icon && <Icon aria-hidden className={cn("size-4 shrink-0", missing ? "text-muted" : "text-accent")} />}
      <span className="flex min-w-0 flex-col">
        <span className="truncate font-medium">{label}</span>
        {detail && <span className="text-muted truncate text-sm">{detail}</span>}
      </span>
      {missing && <span className="sr-only">(missing)</span>}
    </span>
  );
}

function Link({ link }: { link: PathLink }) {
  const { state, reason } = typeof link === "string" ? { state: link, reason: undefined } : link;
  const { word, line } = looks[state];
  return (
    <span className="relative grid shrink-0 place-items-center @max-md:h-9 @max-md:w-6 @md:h-6 @md:min-w-10 @md:flex-1 @md:max-w-28">
      <span
        aria-hidden
        className={cn("absolute @max-md:inset-y-0 @max-md:border-l-[1.5px] @md:inset-x-0 @md:border-t-[1.5px]", line)}
      />
      <LinkMark state={state} />
      <span className="sr-only">
        {" "}
        link {word}
        {reason ? `: ${reason}` : ""};{" "}
      </span>
    </span>
  );
}

/** State as a shape, so that it does not hang on colour: a filled point, a gap, a cross, a question. */
function LinkMark({ state }: { state: LinkState }) {
  if (state === "ok") return <span aria-hidden className="bg-good relative size-2 rounded-full" />;
  return (
    <span aria-hidden className="bg-surface relative grid size-5 place-items-center rounded-full">
      {state === "broken" && (
        <svg viewBox="0 0 12 12" className="text-bad size-3">
          <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
        </svg>
      )}
      {state === "missing" && <span className="border-control size-2.5 rounded-full border-[1.5px] border-dashed" />}
      {state === "unknown" && <span className="text-muted text-sm leading-none font-medium">?</span>}
    </span>
  );
}

/** A node of The Path; without a name it shows what it is: "Application", "Key manager", "API". */
export type Station = { name?: string; detail?: string; missing?: boolean };

type ThePathProps = {
  /** Application, key manager, API. */
  nodes: readonly [Station, Station, Station];
  /** The keys between the first two; acceptance, subscription and scopes between the last two. */
  links: readonly [PathLink, PathLink];
  className?: string;
};

const roles: readonly { role: string; icon: LucideIcon }[] = [
  { role: "Application", icon: AppWindow },
  { role: "Key manager", icon: KeyRound },
  { role: "API", icon: Boxes },
];

/** The Path: application → key manager → API, and where it is open. */
export function ThePath({ nodes, links, className }: ThePathProps) {
  const stations = roles.map(({ role, icon }, index): PathNode => {
    const { name, detail, missing = false } = nodes[index] ?? {};
    const second = detail ?? (name && name !== role ? role : undefined);
    return { icon, missing, label: name ?? role, ...(second && { detail: second }) };
  });
  return <PathPicture nodes={stations} links={links} {...(className && { className })} />;
}

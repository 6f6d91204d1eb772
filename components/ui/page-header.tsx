import { ChevronRight } from "lucide-react";
import { Link } from "./link.tsx";
import type { ReactNode } from "react";

export type Crumb = { label: string; href: string };

type PageHeaderProps = {
  title: ReactNode;
  /** One sentence: what this page is for. */
  description?: ReactNode;
  /** The primary action, and what else acts on the whole page. */
  actions?: ReactNode;
  /** Pages above this one, outermost first. */
  crumbs?: readonly Crumb[];
  /** State beside the title, as Badge. */
  status?: ReactNode;
};

/** How every page begins. */
export function PageHeader({ title, description, actions, crumbs, status }: PageHeaderProps) {
  return (
    <header className="flex flex-col gap-2">
      {crumbs && crumbs.length > 0 && (
        <nav aria-label="Breadcrumb">
          <ol className="text-muted -ml-1 flex flex-wrap items-center text-sm">
            {crumbs.map(({ label, href }, index) => (
              <li key={href} className="flex min-w-0 items-center">
                {index > 0 && <ChevronRight aria-hidden className="size-3.5 shrink-0" />}
                <Link href={href} className="hover:text-ink truncate rounded-sm px-1 py-0.5">
                  {label}
                </Link>
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="flex min-w-0 flex-col gap-1">
          <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="min-w-0 text-2xl font-semibold tracking-[-0.011em]">{title}</h1>
            {status}
          </div>
          {description && <p className="text-muted max-w-[68ch]">{description}</p>}
        </div>
        {actions && (
          <div data-page-actions="" className="flex flex-wrap items-center gap-2">
            {actions}
          </div>
        )}
      </div>
    </header>
  );
}

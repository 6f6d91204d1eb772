import type { ComponentProps, ReactNode } from "react";
import { cn } from "./class-names.ts";

/** A bordered surface for one subject. */
export function Card({ className, ...props }: ComponentProps<"section">) {
  return <section className={cn("border-line bg-surface min-w-0 rounded-lg border", className)} {...props} />;
}

type CardHeaderProps = Omit<ComponentProps<"header">, "title"> & {
  title?: ReactNode;
  description?: ReactNode;
  /** Buttons and menus on the right. */
  actions?: ReactNode;
};

/** Title, one sentence and actions of a card; or free content. */
export function CardHeader({ title, description, actions, className, children, ...props }: CardHeaderProps) {
  return (
    <header
      className={cn("border-line flex flex-wrap items-start gap-x-4 gap-y-2 border-b px-4 py-3", className)}
      {...props}
    >
      {title && (
        <div className="flex min-w-0 flex-1 flex-col gap-0.5">
          <h2 className="text-lg font-semibold">{title}</h2>
          {description && <p className="text-muted">{description}</p>}
        </div>
      )}
      {children}
      {actions && <div className="flex shrink-0 flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

export function CardBody({ className, ...props }: ComponentProps<"div">) {
  return <div className={cn("flex min-w-0 flex-col gap-4 p-4", className)} {...props} />;
}

/** What closes a card: a pager, the buttons of a form. */
export function CardFooter({ className, ...props }: ComponentProps<"footer">) {
  return (
    <footer className={cn("border-line flex flex-wrap items-center gap-2 border-t px-4 py-3", className)} {...props} />
  );
}

/** Facts as term and value; stacks on small screens. */
export function FactList({ className, ...props }: ComponentProps<"dl">) {
  return (
    <dl
      className={cn("grid gap-x-6 gap-y-1 sm:grid-cols-[minmax(8rem,max-content)_minmax(0,1fr)] sm:gap-y-2", className)}
      {...props}
    />
  );
}

export function Fact({ term, children }: { term: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted min-h-6 content-center text-sm">{term}</dt>
      <dd className="min-h-6 min-w-0 content-center max-sm:mb-2">{children}</dd>
    </>
  );
}

import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";
import { KeepsFocus } from "./keeps-focus.tsx";

type TableProps = ComponentProps<"table"> & {
  /** What the table lists, for assistive technology. */
  label: string;
  /** Rows of 32 instead of 40 px. */
  compact?: boolean;
};

/** A real table; scrolls sideways inside itself on small screens, so that the page never does. */
export function Table({ label, compact, className, ...props }: TableProps) {
  return (
    <KeepsFocus
      role="region"
      aria-label={label}
      // Scrollable content has to be reachable by keyboard (WCAG 2.1.1).
      tabIndex={0}
      className="border-line scroll-hint relative w-full overflow-x-auto rounded-lg border"
    >
      <table
        aria-label={label}
        data-density={compact ? "compact" : "normal"}
        className={cn("group/table w-full border-collapse text-left", className)}
        {...props}
      />
    </KeepsFocus>
  );
}

/** The row group of column headers. */
export function TableHead({ className, ...props }: ComponentProps<"thead">) {
  return <thead className={cn("bg-sunken text-muted text-sm", className)} {...props} />;
}

/** The row group of the rows. */
export function TableBody({ className, ...props }: ComponentProps<"tbody">) {
  return <tbody className={cn("[&>tr]:hover:bg-hover/50", className)} {...props} />;
}

export function TableRow({ className, ...props }: ComponentProps<"tr">) {
  return <tr className={cn("border-line transition-colors not-first:border-t", className)} {...props} />;
}

/** A column header, or with scope="row" the cell that names its row. */
export function TableHeader({ className, scope = "col", ...props }: ComponentProps<"th">) {
  return (
    <th
      scope={scope}
      className={cn(
        "px-3 text-left font-medium first:pl-4 last:pr-4",
        scope === "col"
          ? "h-8 whitespace-nowrap"
          : "h-10 py-1.5 group-data-[density=compact]/table:h-8 group-data-[density=compact]/table:py-1",
        className,
      )}
      {...props}
    />
  );
}

type TableCellProps = ComponentProps<"td"> & {
  /** Numbers stand right, so that digits align. */
  numeric?: boolean;
};

export function TableCell({ className, numeric, ...props }: TableCellProps) {
  return (
    <td
      className={cn(
        "h-10 px-3 py-1.5 group-data-[density=compact]/table:h-8 group-data-[density=compact]/table:py-1 first:pl-4 last:pr-4",
        numeric && "text-right",
        className,
      )}
      {...props}
    />
  );
}

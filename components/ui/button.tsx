import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui/slot";
import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";
import { Spinner } from "./spinner.tsx";

const button = cva(
  [
    "relative inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none",
    "transition-[background-color,border-color,color] [&_svg]:size-4 [&_svg]:shrink-0",
    "disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed",
  ],
  {
    variants: {
      variant: {
        primary: "border-transparent bg-accent text-accent-ink hover:bg-accent-strong",
        secondary: "border-control/70 bg-surface text-ink hover:border-control hover:bg-hover",
        ghost: "border-transparent bg-transparent text-ink hover:bg-hover",
        danger: "border-transparent bg-danger text-danger-ink hover:bg-danger-strong",
      },
      size: {
        sm: "h-7 px-2 text-sm pointer-coarse:h-9",
        md: "h-8 px-3 pointer-coarse:h-10",
        lg: "h-10 px-4 pointer-coarse:h-11",
        icon: "size-8 p-0 pointer-coarse:size-10",
        "icon-sm": "size-7 p-0 pointer-coarse:size-9",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

type ButtonProps = ComponentProps<"button"> &
  VariantProps<typeof button> & {
    /** Work is under way: keeps focus and width, ignores clicks, shows a spinner. */
    pending?: boolean | undefined;
    /** Gives the look to the only child, a link for instance. */
    asChild?: boolean;
  };

/** Something that acts. Name it with a verb; one primary button per page or dialog. */
export function Button({ variant, size, pending, asChild, className, children, ...props }: ButtonProps) {
  const classes = cn(button({ variant, size }), className);
  if (asChild) {
    return (
      <Slot className={classes} {...props}>
        {children}
      </Slot>
    );
  }
  if (!pending) {
    return (
      <button type="button" className={classes} {...props}>
        {children}
      </button>
    );
  }
  return (
    <button type="button" {...props} className={classes} aria-disabled onClick={(event) => event.preventDefault()}>
      <span className="invisible inline-flex items-center gap-1.5">{children}</span>
      <span className="absolute inset-0 grid place-items-center">
        <Spinner />
      </span>
      <span role="status" className="sr-only">
        Working
      </span>
    </button>
  );
}

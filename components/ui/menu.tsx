"use client";

import { Ellipsis, type LucideIcon } from "lucide-react";
import { Link } from "./link.tsx";
import { DropdownMenu as Primitive } from "radix-ui";
import { createContext, use, useRef, type ReactNode, type RefObject } from "react";
import { Button } from "./button.tsx";
import { cn } from "./class-names.ts";

type MenuProps = {
  /** What the menu is about, "Actions for Keycloak". */
  label: string;
  /** The button; three dots where there is none. */
  trigger?: ReactNode;
  align?: "start" | "end";
  className?: string;
  children: ReactNode;
};

/** The button of the menu around an item. */
const MenuButton = createContext<RefObject<HTMLButtonElement | null>>({ current: null });

/** Actions behind a button. */
export function Menu({ label, trigger, align = "end", className, children }: MenuProps) {
  const button = useRef<HTMLButtonElement>(null);
  return (
    <Primitive.Root modal={false}>
      <Primitive.Trigger ref={button} asChild>
        {trigger ?? (
          <Button variant="ghost" size="icon-sm" aria-label={label}>
            <Ellipsis aria-hidden />
          </Button>
        )}
      </Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={cn(
            "border-line bg-raised shadow-float animate-in fade-in-0 slide-in-from-top-1 z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 overflow-y-auto rounded-lg border p-1 duration-100",
            className,
          )}
        >
          <MenuButton value={button}>{children}</MenuButton>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

type MenuItemProps = {
  /** Goes somewhere instead of acting. */
  href?: string;
  onSelect?: () => void;
  icon?: LucideIcon;
  danger?: boolean;
  disabled?: boolean;
  /** A word at the right edge: a shortcut, a state. */
  aside?: ReactNode;
  children: ReactNode;
};

const item =
  "flex min-h-8 w-full cursor-default items-center gap-2 rounded-md px-2 py-1 select-none data-highlighted:bg-hover data-disabled:opacity-55 data-highlighted:outline-none pointer-coarse:min-h-10 [&_svg]:size-4 [&_svg]:shrink-0";

export function MenuItem({ href, onSelect, icon: Icon, danger, disabled, aside, children }: MenuItemProps) {
  const button = use(MenuButton);
  const content = (
    <>
      {Icon && <Icon aria-hidden className={danger ? undefined : "text-muted"} />}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {aside && <span className="text-muted text-sm">{aside}</span>}
    </>
  );
  return (
    <Primitive.Item
      className={cn(item, danger && "text-bad")}
      disabled={disabled ?? false}
      onSelect={() => {
        // The item goes away with the menu: a dialog that it opens gives the focus back to the button.
        button.current?.focus();
        onSelect?.();
      }}
      asChild={href !== undefined}
    >
      {href === undefined ? content : <Link href={href}>{content}</Link>}
    </Primitive.Item>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Primitive.Label className="text-muted px-2 py-1.5 text-sm">{children}</Primitive.Label>;
}

export function MenuSeparator() {
  return <Primitive.Separator className="bg-line -mx-1 my-1 h-px" />;
}

type MenuChoiceProps = {
  label: string;
  value: string;
  options: readonly { value: string; label: string; icon?: LucideIcon }[];
  onValueChange: (value: string) => void;
};

/** One of several inside a menu. */
export function MenuChoice({ label, value, options, onValueChange }: MenuChoiceProps) {
  return (
    <Primitive.RadioGroup aria-label={label} value={value} onValueChange={onValueChange}>
      {options.map(({ value: option, label: text, icon: Icon }) => (
        <Primitive.RadioItem key={option} value={option} className={cn(item, "data-[state=checked]:font-medium")}>
          {Icon && <Icon aria-hidden className="text-muted" />}
          <span className="min-w-0 flex-1 truncate">{text}</span>
          <Primitive.ItemIndicator className="bg-accent size-1.5 rounded-full" />
        </Primitive.RadioItem>
      ))}
    </Primitive.RadioGroup>
  );
}

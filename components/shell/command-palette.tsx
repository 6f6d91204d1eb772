"use client";

import { Command } from "cmdk";
import { ArrowRight, Building2, LogOut, Monitor, Moon, Search, Sun, type LucideIcon } from "lucide-react";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { Dialog as Primitive } from "radix-ui";
import { useEffect, useEffectEvent, useState, type ReactNode } from "react";
import { Spinner } from "#components/ui/spinner.tsx";
import {
  shellIcons,
  type SearchEverything,
  type SearchHit,
  type ShellArea,
  type ShellLink,
  type ShellTenant,
} from "./areas.ts";

type CommandPaletteProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  areas: readonly ShellArea[];
  beginnings: readonly ShellLink[];
  /** The tenants that can be switched to. */
  tenants: readonly ShellTenant[];
  onEnterTenant: (tenantId: string) => void;
  onLeave: () => void;
  search: SearchEverything | undefined;
};

/** Goes anywhere and acts from the keyboard. */
export function CommandPalette(props: CommandPaletteProps) {
  return (
    <Primitive.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="bg-veil data-[state=open]:animate-in data-[state=open]:fade-in-0 fixed inset-0 z-40 duration-100" />
        <Primitive.Content
          aria-describedby={undefined}
          className="bg-raised shadow-float data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=open]:slide-in-from-top-1 fixed inset-x-3 top-3 z-50 overflow-hidden rounded-xl duration-100 sm:inset-x-auto sm:top-[14dvh] sm:left-1/2 sm:w-full sm:max-w-xl sm:-translate-x-1/2"
        >
          <Primitive.Title className="sr-only">Search and commands</Primitive.Title>
          <Palette {...props} />
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

function Palette({ onOpenChange, areas, beginnings, tenants, onEnterTenant, onLeave, search }: CommandPaletteProps) {
  const router = useRouter();
  const { setTheme } = useTheme();
  const [words, setWords] = useState("");
  const [picked, setPicked] = useState("");
  // What arrives late goes first: Enter takes it, as the eye does.
  const { hits, searching } = useSearch(words, search, ([first]) => first && setPicked(hitValue(first)));

  function go(href: string) {
    onOpenChange(false);
    router.push(href);
  }

  function act(work: () => void) {
    onOpenChange(false);
    work();
  }

  return (
    <Command label="Search and commands" loop value={picked} onValueChange={setPicked}>
      <div className="border-line flex items-center gap-2.5 border-b px-4">
        {searching ? <Spinner className="text-muted" /> : <Search aria-hidden className="text-muted size-4 shrink-0" />}
        <Command.Input
          autoFocus
          value={words}
          onValueChange={setWords}
          placeholder="Go to a page, find something, or act"
          className="h-12 min-w-0 flex-1 bg-transparent text-base outline-none pointer-coarse:text-lg"
        />
      </div>
      <Command.List className="max-h-[min(24rem,60dvh)] scroll-py-2 overflow-y-auto p-1.5">
        <Command.Empty className="text-muted px-3 py-8 text-center">
          {searching ? "Searching…" : `Nothing is called “${words}”.`}
        </Command.Empty>
        {hits.length > 0 && (
          <Group heading="Found">
            {hits.map((hit) => (
              <Item
                key={hit.href}
                value={hitValue(hit)}
                keywords={[words]}
                icon={shellIcons[hit.icon]}
                aside={hit.detail}
                onSelect={() => go(hit.href)}
              >
                {hit.label}
              </Item>
            ))}
          </Group>
        )}
        {areas.map((area) => (
          <Group key={area.label} heading={area.label}>
            {area.links.map(({ href, label, icon, keywords }) => (
              <Item
                key={href}
                value={`${label} ${area.label}`}
                keywords={keywords}
                icon={shellIcons[icon]}
                onSelect={() => go(href)}
              >
                {label}
              </Item>
            ))}
          </Group>
        ))}
        <Group heading="Actions">
          {beginnings.map(({ href, label, keywords }) => (
            <Item key={href} value={label} keywords={keywords} icon={shellIcons.add} onSelect={() => go(href)}>
              {label}
            </Item>
          ))}
          {tenants.map(({ id, name }) => (
            <Item
              key={id}
              value={`Switch to ${name} ${id}`}
              icon={Building2}
              onSelect={() => act(() => onEnterTenant(id))}
            >
              Switch to {name}
            </Item>
          ))}
          <Item value="Light theme" icon={Sun} onSelect={() => act(() => setTheme("light"))}>
            Light theme
          </Item>
          <Item value="Dark theme" icon={Moon} onSelect={() => act(() => setTheme("dark"))}>
            Dark theme
          </Item>
          <Item value="Theme as the system" icon={Monitor} onSelect={() => act(() => setTheme("system"))}>
            Theme as the system
          </Item>
          <Item value="Sign out" icon={LogOut} onSelect={() => act(onLeave)}>
            Sign out
          </Item>
        </Group>
      </Command.List>
    </Command>
  );
}

/** How the palette knows a hit; unlike the words of any page or action. */
const hitValue = ({ href }: SearchHit) => `found ${href}`;

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:text-muted [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-sm"
    >
      {children}
    </Command.Group>
  );
}

type ItemProps = {
  value: string;
  keywords?: readonly string[] | undefined;
  icon: LucideIcon;
  aside?: string | undefined;
  onSelect: () => void;
  children: ReactNode;
};

function Item({ value, keywords, icon: Icon, aside, onSelect, children }: ItemProps) {
  return (
    <Command.Item
      value={value}
      {...(keywords && { keywords: [...keywords] })}
      onSelect={onSelect}
      className="group data-[selected=true]:bg-hover flex h-9 items-center gap-2.5 rounded-md px-2.5 pointer-coarse:h-11"
    >
      <Icon aria-hidden className="text-muted size-4 shrink-0" />
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {aside && <span className="text-muted truncate text-sm">{aside}</span>}
      <ArrowRight aria-hidden className="text-muted size-4 shrink-0 opacity-0 group-data-[selected=true]:opacity-100" />
    </Command.Item>
  );
}

/** Pause after the last key before the server is asked. */
const pauseMs = 180;

/** What the server finds; an answer that a later question has overtaken is dropped. */
function useSearch(words: string, search: SearchEverything | undefined, onFound: (hits: readonly SearchHit[]) => void) {
  const tell = useEffectEvent(onFound);
  const [found, setFound] = useState<{ words: string; hits: readonly SearchHit[] }>({ words: "", hits: [] });
  const wanted = words.trim();
  const active = search !== undefined && wanted.length >= 2;

  useEffect(() => {
    if (!active) return;
    const overtaken = new AbortController();
    const timer = setTimeout(() => {
      search(wanted).then(
        (hits) => {
          if (overtaken.signal.aborted) return;
          setFound({ words: wanted, hits });
          tell(hits);
        },
        // Pages and actions still work; the person sees that nothing was found.
        () => {
          if (!overtaken.signal.aborted) setFound({ words: wanted, hits: [] });
        },
      );
    }, pauseMs);
    return () => {
      overtaken.abort();
      clearTimeout(timer);
    };
  }, [active, search, wanted]);

  return { hits: active ? found.hits : [], searching: active && found.words !== wanted };
}

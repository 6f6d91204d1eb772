import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type { AttentionView } from "#lib/features/home/contract.ts";

type RoleHomeProps = {
  title: string;
  description: string;
  attention: readonly AttentionView[];
  /** What is there, as short rows. */
  items: readonly { id: string; name: string; href: string; detail: ReactNode }[];
  empty: string;
  all: { href: string; label: string };
  actions?: ReactNode;
};

/** One role's part of the home page: what waits first, then what is there. */
export function RoleHome({ title, description, attention, items, empty, all, actions }: RoleHomeProps) {
  return (
    <Card>
      <CardHeader title={title} description={description} actions={actions} />
      <CardBody className="flex flex-col gap-4">
        {attention.length > 0 && (
          <ul aria-label={`${title}: needs attention`} className="flex flex-col gap-2">
            {attention.map(({ text, href }) => (
              <li key={`${href} ${text}`} className="flex items-start gap-2">
                <TriangleAlert aria-hidden className="text-warn mt-0.5 size-4 shrink-0" />
                <span className="min-w-0 break-words">
                  {text} <TextLink href={href}>Look at it</TextLink>
                </span>
              </li>
            ))}
          </ul>
        )}
        {items.length === 0 ? (
          <p className="text-muted">{empty}</p>
        ) : (
          <ul className="divide-line -my-2 flex flex-col divide-y">
            {items.map(({ id, name, href, detail }) => (
              <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
                <TextLink href={href} className="min-w-0 break-words">
                  {name}
                </TextLink>
                <span className="text-muted text-sm">{detail}</span>
              </li>
            ))}
          </ul>
        )}
        {items.length > 0 && (
          <p className="text-sm">
            <TextLink href={all.href}>{all.label}</TextLink>
          </p>
        )}
      </CardBody>
    </Card>
  );
}

"use client";

import { announce } from "#components/ui/announce.ts";
import { Menu, MenuItem } from "#components/ui/menu.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { SubscriptionState } from "#lib/features/subscriptions/contract.ts";
import { SubscriptionStateBadge } from "./subscription-state-badge.tsx";

type ChosenState = "ACTIVE" | "BLOCKED" | "PRODUCTION_BLOCKED";

type Subscriber = {
  id: string;
  state: SubscriptionState;
  createdAt: string;
  application: { name: string };
  plan: { name: string };
  /** Whose the application is: a person of this tenant, or another tenant. */
  of: string;
};

type ApiSubscriptionsProps = {
  label: string;
  /** What `of` is: "Owner" or "Tenant". */
  ofWhat: string;
  subscriptions: readonly Subscriber[];
  setState: (input: { id: string; state: ChosenState }) => Promise<ActionResult<{ state: SubscriptionState }>>;
};

const choices: { state: ChosenState; label: string; done: string }[] = [
  { state: "ACTIVE", label: "Let in", done: "is let in" },
  { state: "PRODUCTION_BLOCKED", label: "Block production keys", done: "is blocked for production keys" },
  { state: "BLOCKED", label: "Block", done: "is blocked" },
];

/** Who is subscribed to an API; its creator blocks and lets in again, and a block can be undone at once. */
export function ApiSubscriptions({ label, ofWhat, subscriptions, setState }: ApiSubscriptionsProps) {
  function change({ id, application, state: before }: Subscriber, { state, done }: (typeof choices)[number]) {
    const back = choices.find((choice) => choice.state === before);
    void announce(
      () => setState({ id, state }),
      `${application.name} ${done}. Gateways follow within seconds.`,
      back && (() => setState({ id, state: back.state })),
    );
  }

  return (
    <Table label={label}>
      <TableHead>
        <TableRow>
          <TableHeader>Application</TableHeader>
          <TableHeader>{ofWhat}</TableHeader>
          <TableHeader>Plan</TableHeader>
          <TableHeader>State</TableHeader>
          <TableHeader className="max-md:hidden">Since</TableHeader>
          <TableHeader>
            <span className="sr-only">Actions</span>
          </TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {subscriptions.map((subscription) => (
          <TableRow key={subscription.id}>
            <TableHeader scope="row">{subscription.application.name}</TableHeader>
            <TableCell>{subscription.of}</TableCell>
            <TableCell>{subscription.plan.name}</TableCell>
            <TableCell>
              <SubscriptionStateBadge state={subscription.state} />
            </TableCell>
            <TableCell className="text-muted whitespace-nowrap max-md:hidden">
              <RelativeTime iso={subscription.createdAt} />
            </TableCell>
            <TableCell className="text-right">
              <Menu label={`Actions for ${subscription.application.name}`}>
                {choices
                  .filter(({ state }) => state !== subscription.state)
                  .map((choice) => (
                    <MenuItem
                      key={choice.state}
                      danger={choice.state === "BLOCKED"}
                      onSelect={() => change(subscription, choice)}
                    >
                      {choice.label}
                    </MenuItem>
                  ))}
              </Menu>
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

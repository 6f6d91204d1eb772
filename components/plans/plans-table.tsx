"use client";

import { useState } from "react";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Menu, MenuItem } from "#components/ui/menu.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { PlanInput, PlanView } from "#lib/features/plans/contract.ts";
import { PlanDialog } from "./plan-dialog.tsx";

type PlansTableProps = {
  plans: readonly PlanView[];
  update: (input: PlanInput & { id: string }) => Promise<ActionResult<PlanView>>;
  remove: (input: { id: string }) => Promise<ActionResult<unknown>>;
};

/** The tenant's plans, with what can be done to each. */
export function PlansTable({ plans, update, remove }: PlansTableProps) {
  const [chosen, setChosen] = useState<{ plan: PlanView; what: "edit" | "delete" } | null>(null);
  return (
    <>
      <Table label="Plans">
        <TableHead>
          <TableRow>
            <TableHeader>Name</TableHeader>
            <TableHeader>Description</TableHeader>
            <TableHeader className="text-right">Requests per minute</TableHeader>
            <TableHeader>
              <span className="sr-only">Actions</span>
            </TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {plans.map((plan) => (
            <TableRow key={plan.id}>
              <TableHeader scope="row">{plan.name}</TableHeader>
              <TableCell className="text-muted">{plan.description}</TableCell>
              <TableCell numeric>{plan.requestsPerMinute?.toLocaleString("en") ?? "Unlimited"}</TableCell>
              <TableCell className="text-right">
                <Menu label={`Actions for ${plan.name}`}>
                  <MenuItem onSelect={() => setChosen({ plan, what: "edit" })}>Edit…</MenuItem>
                  <MenuItem danger onSelect={() => setChosen({ plan, what: "delete" })}>
                    Delete…
                  </MenuItem>
                </Menu>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {chosen?.what === "edit" && (
        <PlanDialog
          plan={chosen.plan}
          open
          onOpenChange={(open) => !open && setChosen(null)}
          save={(input) => update({ ...input, id: chosen.plan.id })}
        />
      )}
      <ConfirmDialog
        open={chosen?.what === "delete"}
        onOpenChange={(open) => !open && setChosen(null)}
        title={`Delete the plan ${chosen?.plan.name ?? ""}?`}
        description="Only a plan that no API offers and no subscription uses can be deleted."
        confirmLabel="Delete plan"
        onConfirm={() => (chosen ? remove({ id: chosen.plan.id }) : undefined)}
      />
    </>
  );
}

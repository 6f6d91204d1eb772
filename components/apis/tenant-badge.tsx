import { Building2 } from "lucide-react";
import { Badge } from "#components/ui/badge.tsx";
import type { ApiTenant } from "#lib/features/apis/contract.ts";

/** Whose API it is, where it is another tenant's. */
export function TenantBadge({ tenant }: { tenant: ApiTenant }) {
  return (
    <Badge tone="accent" icon={Building2}>
      <span className="sr-only">of </span>
      {tenant.name}
    </Badge>
  );
}

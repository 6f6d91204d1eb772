import { Globe } from "lucide-react";
import { Badge } from "#components/ui/badge.tsx";

/** Marks a key manager that the installation's operators run for several tenants. */
export function GlobalBadge() {
  return (
    <Badge tone="accent" icon={Globe}>
      Global
    </Badge>
  );
}

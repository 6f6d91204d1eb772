import { FlaskConical } from "lucide-react";
import { Badge } from "#components/ui/badge.tsx";

/** Marks a key manager whose server only plays an authorization server: its tokens open nothing real. */
export function SimulatorBadge() {
  return (
    <Badge tone="warn" icon={FlaskConical}>
      Simulator
    </Badge>
  );
}

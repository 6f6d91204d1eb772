import type { ReactNode } from "react";
import { Card, CardBody } from "#components/ui/card.tsx";

type AuthCardProps = { title: string; description?: ReactNode; children?: ReactNode };

/** One step on the way in. */
export function AuthCard({ title, description, children }: AuthCardProps) {
  return (
    <Card>
      <CardBody className="flex flex-col gap-5 p-6">
        <div>
          <h1 className="text-xl font-semibold">{title}</h1>
          {description && <p className="text-muted mt-1">{description}</p>}
        </div>
        {children}
      </CardBody>
    </Card>
  );
}

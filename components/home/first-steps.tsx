import { CircleCheck, CircleDashed } from "lucide-react";
import { ThePath, type PathLink } from "#components/path/path.tsx";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { TextLink } from "#components/ui/text-link.tsx";
import type {
  AdministratorHomeView,
  CreatorHomeView,
  DeveloperHomeView,
  StepView,
} from "#lib/features/home/contract.ts";

type FirstStepsProps = {
  /** Null where the person does not hold the role. */
  administrator: AdministratorHomeView | null;
  creator: CreatorHomeView | null;
  developer: DeveloperHomeView | null;
};

/** What is missing on the way to the first call, for the roles that the person holds; gone once nothing is. */
export function FirstSteps({ administrator, creator, developer }: FirstStepsProps) {
  const steps = [administrator, creator, developer].flatMap((home) => home?.steps ?? []);
  if (steps.every(({ done }) => done)) return null;
  const applications = developer?.applications ?? null;
  const hasKeys = applications?.some(({ keys }) => keys.production + keys.sandbox > 0);
  const isSubscribed = applications?.some(({ subscriptions }) => subscriptions > 0);
  return (
    <Card>
      <CardHeader title="On the way to the first call" description="An application reaches an API by its keys." />
      <CardBody className="flex flex-col gap-6">
        <ThePath
          nodes={[
            { missing: applications?.length === 0 },
            { missing: administrator !== null && !administrator.keyManagers.some(({ enabled }) => enabled) },
            { missing: creator !== null && !creator.apis.some(({ status }) => status === "PUBLISHED") },
          ]}
          links={[linkOf(hasKeys), linkOf(isSubscribed)]}
        />
        <StepList steps={steps} />
      </CardBody>
    </Card>
  );
}

/** Undefined where the person's roles do not let them know. */
function linkOf(stands: boolean | undefined): PathLink {
  if (stands === undefined) return "unknown";
  return stands ? "ok" : "missing";
}

/** The steps to the first call, each with its state. */
function StepList({ steps }: { steps: readonly StepView[] }) {
  return (
    <ol aria-label="Steps to the first call" className="flex flex-col gap-2">
      {steps.map(({ title, href, done }) => (
        <li key={title} className="flex items-start gap-2">
          {done ? (
            <CircleCheck aria-hidden className="text-good mt-0.5 size-4 shrink-0" />
          ) : (
            <CircleDashed aria-hidden className="text-muted mt-0.5 size-4 shrink-0" />
          )}
          {done ? (
            <span className="text-muted">
              {title} <span className="sr-only">(done)</span>
            </span>
          ) : (
            <TextLink href={href}>{title}</TextLink>
          )}
        </li>
      ))}
    </ol>
  );
}

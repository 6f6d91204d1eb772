import type { ApiSummaryView } from "../apis/contract.ts";
import type { ApplicationView } from "../applications/contract.ts";

/** Something that waits for the person, and where they deal with it. */
export type AttentionView = { text: string; href: string };

/** A step on the way to the first call. */
export type StepView = { title: string; href: string; done: boolean };

export type AdministratorHomeView = {
  keyManagers: { id: string; displayName: string; connectorName: string; enabled: boolean }[];
  steps: StepView[];
  attention: AttentionView[];
};

export type CreatorHomeView = { apis: ApiSummaryView[]; steps: StepView[]; attention: AttentionView[] };

export type DeveloperHomeView = { applications: ApplicationView[]; steps: StepView[]; attention: AttentionView[] };

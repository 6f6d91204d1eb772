/** How pages look: light and dark, wide and narrow. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

type Look = {
  theme: "dark" | "light";
  /** Of the window, in CSS pixels. */
  width: number;
  /** Looks for nothing but contrast. */
  coloursOnly?: boolean;
};

/** What is opened in the dark shows where the server and a browser disagree. */
export const firstLook: Look = { theme: "dark", width: 1440 };
/** The other theme and the other width. */
export const lastLook: Look = { theme: "light", width: 360 };
/** Every width in every theme. What does not depend on colours is looked for once per width. */
export const allLooks: readonly Look[] = [
  firstLook,
  { theme: "light", width: 1440, coloursOnly: true },
  { theme: "dark", width: 360, coloursOnly: true },
  lastLook,
];

/** Sets the window to a look. */
export async function takeLook(page: Page, { theme, width }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await page.setViewportSize({ width, height: 900 });
}

/**
 * Looks at the open page.
 *
 * @param place names it among the findings
 * @returns everything that is wrong with it: what axe finds, and what is wider than its window
 */
export async function inspectLooks(page: Page, place: string, looks: readonly Look[]): Promise<unknown[]> {
  const problems: unknown[] = [];
  for (const look of looks) {
    await takeLook(page, look);
    problems.push(...(await findings(page, look, `${place}, ${look.theme}, ${String(look.width)} px`)));
  }
  return problems;
}

/** axe, which tells what is wrong alone: to describe all that is right takes it most of its time. */
export function axeOn(page: Page): AxeBuilder {
  // No page here has frames of another origin: the extra window that they would take is left out.
  return new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
}

async function findings(page: Page, { coloursOnly }: Look, place: string): Promise<unknown[]> {
  const axe = axeOn(page);
  const { violations } = await (coloursOnly ? axe.withRules("color-contrast") : axe).analyze();
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  return [
    ...violations.map(({ id, help, nodes }) => ({
      place,
      id,
      help,
      where: nodes.map(({ html }) => html.slice(0, 200)),
    })),
    ...(overflow > 0 ? [`${place}: ${String(overflow)} px too wide`] : []),
  ];
}

/** What a creator does in the portal. */
import { expect, type Page } from "@playwright/test";

/** Imports an OpenAPI file, accepts these key managers or all of them, adds the API and publishes it. */
export async function importApi(page: Page, { file, keyManagers }: { file: string; keyManagers?: string[] }) {
  await page.goto("/creator/apis/new");
  await page.getByLabel("OpenAPI file").setInputFiles(file);
  await expect(page.getByText(/Read \d+ resources? and/)).toBeVisible();
  if (keyManagers) await chooseKeyManagers(page, keyManagers);
  await page.getByRole("button", { name: "Add API" }).click();
  await page.waitForURL(/\/creator\/apis\/[0-9a-f-]{36}$/);
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("Published", { exact: true })).toBeVisible();
}

/**
 * Changes which key managers a published API accepts.
 *
 * @param losing the application that loses access, where one does: the portal names it and asks first
 */
export async function acceptOnly(page: Page, api: string, keyManagers: string[], losing?: string): Promise<void> {
  await page.goto("/creator/apis");
  await page.getByRole("link", { name: api, exact: true }).click();
  await page.waitForURL(/\/creator\/apis\/[0-9a-f-]{36}$/);
  await chooseKeyManagers(page, keyManagers);
  await page.getByRole("button", { name: "Save changes" }).click();
  if (losing !== undefined) {
    const dialog = page.getByRole("dialog");
    await expect(dialog).toContainText(losing);
    await dialog.getByRole("button", { name: "Stop accepting" }).click();
  }
  await expect(page.getByText(/^Saved\./)).toBeVisible();
}

async function chooseKeyManagers(page: Page, chosen: string[]): Promise<void> {
  await page.getByLabel("Selected key managers").check();
  const group = page.getByRole("group", { name: "Accepted key managers" });
  for (const box of await group.getByRole("checkbox").all()) await box.uncheck();
  for (const name of chosen) await group.getByLabel(name, { exact: true }).check();
}

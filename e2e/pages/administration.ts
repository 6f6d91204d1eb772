/** What an administrator does in the portal. */
import { expect, type Page } from "@playwright/test";
import { takeSecret } from "./portal.ts";

export type KeyManagerToConnect = {
  wellKnownUrl: string;
  displayName: string;
  /** The name of the kind that must be recognised. */
  kind?: string;
  /** What its connector's form asks for, by label; or whatever fills it. */
  access: Readonly<Record<string, string>> | (() => Promise<void>);
};

/** Connects a key manager from its well-known address, proves it and enables it. */
export async function connectKeyManager(page: Page, keyManager: KeyManagerToConnect): Promise<void> {
  await page.goto("/admin/key-managers");
  await page.getByRole("link", { name: "Connect key manager" }).first().click();
  await page.getByLabel("Issuer or well-known address").fill(keyManager.wellKnownUrl);
  await page.getByRole("button", { name: "Read the server" }).click();
  await expect(page.getByRole("heading", { name: "What we found" })).toBeVisible();
  if (keyManager.kind !== undefined) {
    const chosen = page.getByLabel("Kind of key manager").locator("option:checked");
    await expect(chosen).toHaveText(keyManager.kind);
  }
  await page.getByLabel("Display name").fill(keyManager.displayName);
  await page.getByRole("button", { name: "Continue" }).click();
  const { access } = keyManager;
  if (typeof access === "function") await access();
  else for (const [label, value] of Object.entries(access)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Save and enable" }).click();
  await page.waitForURL(/\/admin\/key-managers\/[0-9a-f-]{36}$/);
  await expect(page.getByRole("heading", { level: 1, name: keyManager.displayName })).toBeVisible();
}

/** Enables or disables a key manager in the list. */
export async function setEnabled(page: Page, displayName: string, enabled: boolean): Promise<void> {
  await page.goto("/admin/key-managers");
  const toggle = page.getByRole("switch", { name: `${displayName} is enabled` });
  await toggle.click();
  if (!enabled) await page.getByRole("dialog").getByRole("button", { name: "Disable key manager" }).click();
  await expect(toggle).toBeChecked({ checked: enabled });
}

/** Makes a gateway credential, and reads it. */
export async function createGatewayCredential(page: Page, name: string): Promise<string> {
  await page.goto("/admin/gateways");
  await page.getByRole("button", { name: "Create credential" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByRole("button", { name: "Create credential" }).click();
  return takeSecret(page, "Gateway credential");
}

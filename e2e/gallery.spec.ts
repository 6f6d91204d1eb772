import { expect, test as base, type Page } from "@playwright/test";
import { axeOn } from "./pages/looks.ts";
import { startGallery } from "./servers/gallery.ts";

/** The gallery exists on development servers only. One comes up while other journeys are under way. */
const test = base.extend<object, { origin: string }>({
  origin: [
    async ({}, use) => {
      const gallery = await startGallery();
      await use(gallery.origin);
      await gallery.stop();
    },
    { scope: "worker", timeout: 150_000 },
  ],
  baseURL: ({ origin }, use) => use(origin),
});

const themes = ["light", "dark"] as const;
const widths = [360, 1440] as const;

/** Every finding of axe, best practices included; what the framework's own development overlay shows is not ours. */
async function findings(page: Page) {
  const { violations } = await axeOn(page).exclude("nextjs-portal").analyze();
  return violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target }) => target.join(" ")) }));
}

async function open(page: Page) {
  // The framework's development overlay would take clicks that are meant for the page.
  await page.addInitScript(() => {
    const style = document.createElement("style");
    style.textContent = "nextjs-portal { display: none }";
    document.addEventListener("DOMContentLoaded", () => document.head.append(style));
  });
  await page.goto("/gallery");
  await page.getByRole("heading", { level: 1, name: "Key managers" }).waitFor();
  // Skeletons fade in; a half-faded text has no contrast of its own.
  await page.waitForTimeout(500);
}

for (const theme of themes) {
  for (const width of widths) {
    test.describe(`${theme}, ${String(width)} px`, () => {
      test.use({ colorScheme: theme, viewport: { width, height: 900 }, reducedMotion: "reduce" });

      test("every primitive is accessible and nothing scrolls sideways", async ({ page }) => {
        await open(page);
        expect(await findings(page)).toEqual([]);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(overflow).toBe(0);
      });
    });
  }
}

// What a hand does is the same in every look: each theme and each width is seen once.
for (const [theme, width] of [
  ["light", 360],
  ["dark", 1440],
] as const) {
  test.describe(`by hand, ${theme}, ${String(width)} px`, () => {
    test.use({ colorScheme: theme, viewport: { width, height: 900 }, reducedMotion: "reduce" });

    test("a refused form names its problems, and leads to their fields", async ({ page }) => {
      await open(page);
      const form = page.getByRole("form", { name: "Connect a key manager" });
      await form.getByRole("button", { name: "Connect" }).click();
      const summary = form.getByRole("alert");
      await expect(summary).toBeFocused();
      await expect(summary).toContainText("2 fields need your attention");
      expect(await findings(page)).toEqual([]);
      await summary.getByRole("link", { name: /Enter a name/ }).click();
      await expect(form.getByLabel("Name", { exact: true })).toBeFocused();
    });

    test("what the server refuses stands at its fields", async ({ page }) => {
      await open(page);
      const form = page.getByRole("form", { name: "Connect a key manager" });
      await form.getByLabel("Name", { exact: true }).fill("keycloak");
      await form.getByLabel("Issuer").fill("https://id.example");
      await form.getByRole("button", { name: "Connect" }).click();
      await expect(form.getByLabel("Admin URL")).toHaveAccessibleDescription(/private address/);
      await expect(form.getByLabel("Time limit")).toHaveAccessibleDescription(/at most 60 seconds/i);
    });

    test("dialogs take and return the focus", async ({ page }) => {
      await open(page);
      const opener = page.getByRole("button", { name: "Delete, refused" });
      await opener.click();
      const dialog = page.getByRole("dialog", { name: "Delete keycloak-prod?" });
      await expect(dialog.getByRole("textbox")).toBeFocused();
      const remove = dialog.getByRole("button", { name: "Delete key manager" });
      for (const target of [dialog.getByRole("textbox"), remove]) {
        await target.hover();
        await page.waitForTimeout(200);
        expect(await findings(page)).toEqual([]);
      }
      await remove.click();
      await expect(dialog.getByText("This does not match.")).toBeVisible();
      await dialog.getByRole("textbox").fill("keycloak-prod");
      await dialog.getByRole("button", { name: "Delete key manager" }).click();
      await expect(dialog.getByText("3 APIs accept this key manager.")).toBeVisible();
      await page.keyboard.press("Escape");
      await expect(dialog).toBeHidden();
      await expect(opener).toBeFocused();
    });

    test("the palette finds pages and things, and acts, from the keyboard", async ({ page }) => {
      await open(page);
      await page.keyboard.press("Control+k");
      const palette = page.getByRole("dialog", { name: "Search and commands" });
      await expect(palette).toBeVisible();
      await page.waitForTimeout(300);
      expect(await findings(page)).toEqual([]);
      await page.keyboard.type("partner");
      await expect(palette.getByRole("option", { name: /partner-sso/ })).toBeVisible();
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(/found=partner-sso/);
    });
  });
}

test("a dialog from a menu gives the focus back to the menu's button, or to the next row's where the row goes away", async ({
  page,
}) => {
  await open(page);
  const table = page.getByRole("table", { name: "Key managers" });
  const menus = table.getByRole("button", { name: /^Actions for / });
  const labels = await menus.evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label")));
  const dialog = page.getByRole("dialog");
  async function askToDelete(label: string | null | undefined) {
    await table.getByRole("button", { name: label ?? "", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Delete…" }).press("Enter");
    // Nothing is asked: the harmless answer is at hand.
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  }

  await askToDelete(labels[0]);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(menus.first()).toBeFocused();

  for (const next of labels.slice(1)) {
    await askToDelete(await menus.first().getAttribute("aria-label"));
    await dialog.getByRole("button", { name: "Delete key manager" }).press("Enter");
    await expect(table.getByRole("button", { name: next ?? "", exact: true })).toBeFocused();
  }
  await askToDelete(labels.at(-1));
  await dialog.getByRole("button", { name: "Delete key manager" }).press("Enter");
  await expect(page.getByRole("button", { name: "Test all" })).toBeFocused();
});

test("the theme that was chosen stays", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveClass(/dark/);
  await page.reload();
  await expect(page.locator("html")).toHaveClass(/dark/);
});

test("a list of chips is filled and emptied from the keyboard", async ({ page }) => {
  await open(page);
  const scopes = page.getByLabel("Default scopes");
  await scopes.fill("profile");
  await scopes.press("Enter");
  await expect(page.getByRole("button", { name: "Remove profile" })).toBeVisible();
  await scopes.press("Backspace");
  await expect(page.getByRole("button", { name: "Remove profile" })).toBeHidden();
});

test("choosing another sign-in method brings its own fields", async ({ page }) => {
  await open(page);
  const form = page.getByRole("form", { name: "Connect a key manager" });
  await expect(form.getByLabel("Client id")).toBeVisible();
  await form.getByRole("radio", { name: "Private key" }).check();
  await expect(form.getByLabel("Client id")).toBeHidden();
  await expect(form.getByLabel("Private key", { exact: true }).last()).toBeVisible();
});

test("a secret that was not copied is not closed by one press", async ({ page }) => {
  await open(page);
  const secret = page.getByRole("region", { name: "Consumer secret" });
  await secret.getByRole("button", { name: "I stored it" }).click();
  await expect(secret).toContainText("It was not copied here");
  await secret.getByRole("button", { name: "Close without copying" }).click();
  await expect(secret).toBeHidden();
});

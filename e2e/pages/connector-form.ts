/** A connector's own fields, filled by the labels that a person reads. */
import type { Locator, Page } from "@playwright/test";
import type { FieldDescriptor } from "#lib/connector-kit/descriptors.ts";

/** The id by which the form marks the control of a value: two fields of one form may share their label. */
const idOf = (path: string) => `field-${path.replaceAll(/[^\w-]/g, "-")}`;

/**
 * Types values into the form that these descriptors draw.
 *
 * @param values as the connector's schema takes them; fields without one keep what the form begins with
 * @throws {Error} where a value has no field, or one of a kind that nobody fills in a test
 */
export async function fillConnectorForm(
  page: Page,
  descriptors: readonly FieldDescriptor[],
  { values, prefix }: { values: Readonly<Record<string, unknown>>; prefix: string },
): Promise<void> {
  const strangers = Object.keys(values).filter((name) => !descriptors.some((descriptor) => descriptor.name === name));
  if (strangers.length > 0) throw new Error(`The form has no field for ${prefix}.${strangers.join(", ")}.`);
  for (const descriptor of descriptors) {
    const value = values[descriptor.name];
    if (value !== undefined) await fillField(page, descriptor, { value, path: `${prefix}.${descriptor.name}` });
  }
}

async function fillField(
  page: Page,
  descriptor: FieldDescriptor,
  { value, path }: { value: unknown; path: string },
): Promise<void> {
  if (descriptor.kind === "method") return fillMethod(page, descriptor, { value: value as Branch, path });
  const control = page.getByLabel(descriptor.label).and(page.locator(`#${idOf(path)}`));
  await unfold(page, control);
  switch (descriptor.kind) {
    case "text":
    case "url":
    case "secret":
    case "number":
    case "certificate":
      return control.fill(String(value));
    case "choice":
      await control.selectOption(String(value));
      return;
    case "flag":
      return control.setChecked(Boolean(value));
    case "list":
      for (const item of value as string[]) {
        await control.fill(item);
        await control.press("Enter");
      }
      return;
    default:
      throw new Error(`Nobody fills a field of the kind ${descriptor.kind} here: ${path}.`);
  }
}

type Branch = Readonly<Record<string, unknown>>;
type Method = Extract<FieldDescriptor, { kind: "method" }>;

async function fillMethod(
  page: Page,
  { discriminator, options, label }: Method,
  { value, path }: { value: Branch; path: string },
): Promise<void> {
  const { [discriminator]: chosen, ...values } = value;
  const branch = options.find((option) => option.value === chosen);
  if (!branch) throw new Error(`The form does not offer “${String(chosen)}” for “${label}”.`);
  const place = page.locator(`#${idOf(`${path}.${discriminator}`)}`);
  await unfold(page, place);
  const tile = place.getByRole("radio", { name: branch.label, exact: true });
  // Few alternatives are tiles, many are a list: which, shows once the form stands.
  await place.waitFor();
  if (await tile.isVisible()) await tile.check();
  else await place.selectOption({ label: branch.label });
  await fillConnectorForm(page, branch.fields, { values, prefix: path });
}

/** Rarely needed fields are folded away. */
async function unfold(page: Page, control: Locator): Promise<void> {
  if (await control.isVisible()) return;
  const folded = page.locator("details:not([open])").filter({ has: control });
  if ((await folded.count()) > 0) await folded.locator("summary").click();
}

import { Button } from "#components/ui/button.tsx";
import { Field } from "#components/ui/field.tsx";
import { Input } from "#components/ui/input.tsx";
import { TextLink } from "#components/ui/text-link.tsx";

type OrganisationFormProps = {
  /** The organisation whose ways in are shown; null for none. */
  current: string | null;
  /** A path of this portal, already checked. */
  returnTo: string;
};

/** The way to an organisation's own sign-in, by its address. Plain HTML: it works before anything has loaded. */
export function OrganisationForm({ current, returnTo }: OrganisationFormProps) {
  if (current !== null) {
    const elsewhere = new URLSearchParams({ tenant: "", returnTo });
    return (
      <p className="text-muted text-sm">
        These are the ways in of <span className="font-mono">{current}</span>.{" "}
        <TextLink href={`/sign-in?${elsewhere.toString()}`}>Another organisation?</TextLink>
      </p>
    );
  }
  return (
    <details className="border-line border-t pt-4">
      <summary className="text-accent w-fit cursor-pointer rounded-sm text-sm">
        Sign in with your organisation’s account
      </summary>
      <form action="/sign-in" method="get" className="mt-3 flex flex-col gap-3">
        <input type="hidden" name="returnTo" value={returnTo} />
        <Field label="Organisation’s address" help="The short name that an administrator gave you, such as “acme”.">
          <Input name="tenant" mono required autoComplete="organization" spellCheck={false} autoCapitalize="none" />
        </Field>
        <Button type="submit">Continue</Button>
      </form>
    </details>
  );
}

import { TextLink } from "#components/ui/text-link.tsx";

/** The specification by which requests are signed; its libraries check them. Opens beside the portal, which may hold a form. */
export function StandardWebhooks() {
  return (
    <TextLink href="https://www.standardwebhooks.com" target="_blank" rel="noreferrer">
      Standard Webhooks
    </TextLink>
  );
}

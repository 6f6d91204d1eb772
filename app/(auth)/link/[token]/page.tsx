import type { Metadata } from "next";
import { Link } from "#components/ui/link.tsx";
import { AuthCard } from "#components/identity/auth-card.tsx";
import { LinkForm } from "#components/identity/link-form.tsx";
import { Button } from "#components/ui/button.tsx";
import { readOneTimeLink } from "#lib/features/identity/one-time-links.ts";
import { runtime } from "#lib/runtime.ts";
import { acceptLinkAction, proceedWithLinkAction } from "./actions.ts";

// The address is a credential: it must not travel on as a referrer.
export const metadata: Metadata = { title: "Set up your sign-in", referrer: "no-referrer" };

/** Looking at a link uses nothing up; only the form does. */
export default async function LinkPage({ params }: PageProps<"/link/[token]">) {
  const { token } = await params;
  const view = await readOneTimeLink(runtime().deps, token);
  if (!view) {
    return (
      <AuthCard
        title="This link does not work any more"
        description="It was used already, has expired, or was replaced by a newer one. Ask whoever gave it to you for a new link."
      >
        <Button asChild>
          <Link href="/sign-in">Go to sign-in</Link>
        </Button>
      </AuthCard>
    );
  }
  return (
    <AuthCard
      title={view.asksForEmail ? "Welcome to Latchkey" : view.isReset ? "Set a new password" : "Set up your sign-in"}
      description={
        view.asksForEmail
          ? "You are the first person here and will be this installation's operator. Choose how you sign in from now on."
          : view.isReset
            ? "It takes the place of the one that you forgot, and signs you out everywhere else."
            : "Choose the password with which you sign in from now on."
      }
    >
      <LinkForm token={token} view={view} accept={acceptLinkAction} proceed={proceedWithLinkAction} />
    </AuthCard>
  );
}

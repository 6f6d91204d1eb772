import { Link } from "#components/ui/link.tsx";
import { PathPicture } from "#components/path/path.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";

/** An address that leads nowhere, or to something that this tenant does not have. */
export function Missing() {
  return (
    <EmptyState
      wholePage
      picture={
        <PathPicture
          nodes={[{ label: "You" }, { label: "This address" }, { label: "Nothing", missing: true }]}
          links={["ok", "missing"]}
        />
      }
      title="There is nothing at this address"
      description="It may have been deleted or renamed, or it belongs to another tenant."
      action={
        <Button asChild>
          <Link href="/">Go to your home page</Link>
        </Button>
      }
    />
  );
}

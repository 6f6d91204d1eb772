import { Link } from "#components/ui/link.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PathPicture } from "#components/path/path.tsx";
import { currentPerson, deniedRoles } from "#lib/web/context.ts";

const helpers = {
  ADMINISTRATOR: "an administrator",
  CREATOR: "a creator",
  DEVELOPER: "a developer",
} as const;

/** A page that the person's roles do not open: says which role would, and who can grant it. */
export async function Denied() {
  const roles = deniedRoles();
  const tenant = (await currentPerson())?.activeTenant;
  const who =
    roles === "OPERATOR"
      ? "an operator of this installation"
      : (roles ?? []).map((role) => helpers[role]).join(" or ") || "a person with another role";
  return (
    <EmptyState
      wholePage
      picture={
        <PathPicture
          nodes={[{ label: "You" }, { label: roles === "OPERATOR" ? "Operator" : "Role" }, { label: "This page" }]}
          links={["missing", "unknown"]}
        />
      }
      title="Your role does not open this page"
      description={
        roles === "OPERATOR"
          ? `It is open to ${who}.`
          : `It is open to ${who}${tenant ? ` of ${tenant.name}` : ""}. Administrators can give you this role.`
      }
      action={
        <Button asChild>
          <Link href="/">Go to your home page</Link>
        </Button>
      }
    />
  );
}

import { Notice } from "#components/ui/notice.tsx";
import { SecretOnce } from "#components/ui/secret-once.tsx";

/** Why a registration access token is given back to the owner of a client, and the token. */
export type HandedBack = { kind: "refused" | "removed"; message: string; registrationToken: string };

const titles = { refused: "The client was not mapped", removed: "The client is yours to manage again" } as const;

/** A registration access token that nobody else has any more: shown once to the owner of the client. */
export function ReplacedToken({ handedBack, close }: { handedBack: HandedBack; close: () => void }) {
  const { kind, message, registrationToken } = handedBack;
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Notice tone={kind === "refused" ? "bad" : "neutral"} title={titles[kind]} live>
        {message}
      </Notice>
      <SecretOnce
        label="Registration access token"
        value={registrationToken}
        fileName="registration-access-token.txt"
        onStored={close}
      />
    </div>
  );
}

import { useEffect, useRef } from "react";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { Steps, type Step } from "#components/ui/steps.tsx";
import {
  checkTitles,
  type CallExplanation,
  type CheckName,
  type ExplainedCheck,
} from "#lib/features/explanations/contract.ts";

type ExplanationCardProps = { call: { method: string; address: string }; explanation: CallExplanation };

/** The verdict on a call, and every check on the way to it. */
export function ExplanationCard({ call, explanation }: ExplanationCardProps) {
  const { verdict, checks } = explanation;
  const failed = checks.find(({ outcome }) => outcome === "failed");
  const verdictBox = useRef<HTMLDivElement>(null);
  // On a small screen it stands below the form.
  useEffect(() => {
    void verdictBox.current?.scrollIntoView({ block: "nearest" });
  }, [explanation]);
  return (
    <Card>
      <CardHeader
        title="What the gateway is told"
        description={`${call.method} ${call.address}`}
        actions={<CopyButton value={reportOf(call, explanation)} label="report without the token" />}
      />
      <CardBody>
        <div ref={verdictBox}>
          {verdict.allowed ? (
            <Notice tone="good" live title="The call is let through">
              {[verdict.application, verdict.keyManager, verdict.api].filter(Boolean).join(" → ")}
              {verdict.plan && `, plan ${verdict.plan}`}
            </Notice>
          ) : (
            <Notice tone="bad" live title={verdict.message}>
              Error {verdict.code}, {verdict.reason}, HTTP status {verdict.status}.
              {failed && (
                <div className="mt-1 flex flex-col gap-1">
                  <Sides {...failed} />
                  <p className="font-medium">{remedies[failed.name]}</p>
                </div>
              )}
            </Notice>
          )}
        </div>
        <Steps label="Checks" steps={namesToShow(checks).map((name) => toStep(name, checks))} />
      </CardBody>
    </Card>
  );
}

const byKeySet: readonly CheckName[] = ["algorithm", "key", "signature", "kind", "claims"];

/** All checks on the way that this token takes: one is verified by keys, another by asking its key manager. */
function namesToShow(checks: readonly ExplainedCheck[]): CheckName[] {
  const isMade = (name: CheckName) => checks.some((check) => check.name === name);
  return (Object.keys(checkTitles) as CheckName[]).filter((name) => {
    if (name === "binding" || name === "introspection") return isMade(name);
    return !byKeySet.includes(name) || !isMade("introspection");
  });
}

function toStep(name: CheckName, checks: readonly ExplainedCheck[]): Step {
  const check = checks.find((one) => one.name === name);
  if (!check) return { id: name, title: checkTitles[name], state: "skipped", detail: "Not reached." };
  return { id: name, title: checkTitles[name], state: check.outcome, detail: <Sides {...check} /> };
}

function Sides({ expected, seen }: Pick<ExplainedCheck, "expected" | "seen">) {
  return (
    <dl className="grid grid-cols-[4.5rem_minmax(0,1fr)] gap-x-2 text-sm [overflow-wrap:anywhere]">
      <dt>Expected</dt>
      <dd>{expected}</dd>
      <dt>Seen</dt>
      <dd>{seen}</dd>
    </dl>
  );
}

/** What to do where a check failed. */
const remedies: Record<CheckName, string> = {
  api: "Compare context, version and path with the API's own page. A gateway must pass on the address as it came.",
  token: "Send the token in the header Authorization, after “Bearer”.",
  format: "Copy the token whole, without quotes and line breaks.",
  key_manager: "Get the token at a key manager that is connected here, or have an administrator connect its issuer.",
  acceptance: "Get the token at a key manager that the API accepts; its creator decides which these are.",
  algorithm: "Have the key manager sign with one of the expected algorithms.",
  key: "Get a new token. If it happens again, the key manager's key set address may be the wrong one.",
  signature: "Get a new token, and pass it on unchanged.",
  kind: "Send the access token, not the ID token or refresh token that came with it.",
  claims: "The administrator names the claim of the consumer key in the key manager's settings.",
  introspection: "Get a new token. If it happens again, test the key manager's connection.",
  times: "Get a new token. If it is new, the clocks of the two servers differ.",
  revocation: "Get a new token. Administrators see under Revocations who revoked what.",
  binding: "Send what the token is bound to. This page shows neither certificates nor proofs.",
  application: "Map the client to an application under its keys, or use keys that were generated here.",
  subscription: "Subscribe the application to the API, or ask the API's creator to let it in again.",
  resource: "Compare method and path with the API's resources. Capital and small letters differ.",
  scopes: "Ask for one of the expected scopes when getting the token, and see that the application may have it.",
  audience: "Get a token that is made for one of the expected audiences.",
};

/** For a ticket or a colleague: everything but the token. */
function reportOf({ method, address }: ExplanationCardProps["call"], { verdict, checks }: CallExplanation): string {
  const outcome = verdict.allowed
    ? "allowed"
    : `refused: ${String(verdict.code)} ${verdict.reason}, HTTP status ${String(verdict.status)}. ${verdict.message}`;
  const lines = checks.map(
    ({ name, outcome, expected, seen }) =>
      `${outcome.padEnd(6)} ${checkTitles[name]}\n  expected: ${expected}\n  seen: ${seen}`,
  );
  return [`${method} ${address}`, outcome, ...lines].join("\n");
}

type RequestedScopesProps = {
  clientName: string;
  personName: string;
  scopes: readonly { name: string; description: string }[];
};

/** What an application wants to be allowed to do in somebody's name. */
export function RequestedScopes({ clientName, personName, scopes }: RequestedScopesProps) {
  return (
    <section aria-labelledby="requested-scopes" className="flex min-w-0 flex-col gap-2">
      <h2 id="requested-scopes" className="text-sm font-medium">
        {`As ${personName}, ${clientName} may then`}
      </h2>
      <ul className="border-line divide-line divide-y rounded-md border">
        {scopes.map(({ name, description }) => (
          <li key={name} className="flex min-w-0 flex-col px-3 py-2">
            <span>{description || "Use this scope"}</span>
            <span className="text-muted font-mono text-sm break-all">{name}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

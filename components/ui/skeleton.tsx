import { cn } from "./class-names.ts";

/** The place of something that is on its way. Appears only after 200 ms. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn("bg-line/70 animate-late h-4 rounded-sm", className)} />;
}

/** A page on its way: header and rows in the places where they will be. */
export function PageSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="flex flex-col gap-6" aria-busy="true">
      <p role="status" className="sr-only">
        Loading
      </p>
      <div className="flex flex-col gap-2">
        <Skeleton className="h-7 w-56" />
        <Skeleton className="h-4 w-96 max-w-full" />
      </div>
      <div className="border-line animate-late overflow-hidden rounded-lg border">
        <div className="bg-sunken h-8" />
        {Array.from({ length: rows }, (_, row) => (
          <div key={row} className="border-line bg-surface flex h-10 items-center gap-6 border-t px-4">
            <Skeleton className="w-40" />
            <Skeleton className="w-24" />
            <Skeleton className="ml-auto w-16" />
          </div>
        ))}
      </div>
    </div>
  );
}

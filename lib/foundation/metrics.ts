/**
 * Metrics of this process. Asking twice for the same name gives the same metric, because two copies of our
 * modules may live in one process while prom-client's registry is one.
 */
import { Counter, Gauge, Histogram, register } from "prom-client";

type Description<Label extends string> = { name: string; help: string; labels?: readonly Label[] };

/** A number that only grows. Names end in `_total`. */
export function counter<Label extends string>({ name, help, labels = [] }: Description<Label>): Counter<Label> {
  const known = register.getSingleMetric(name) as Counter<Label> | undefined;
  return known ?? new Counter({ name, help, labelNames: [...labels] });
}

/** A number that comes and goes. */
export function gauge<Label extends string>({ name, help, labels = [] }: Description<Label>): Gauge<Label> {
  const known = register.getSingleMetric(name) as Gauge<Label> | undefined;
  return known ?? new Gauge({ name, help, labelNames: [...labels] });
}

/** A distribution. `buckets` are upper bounds in the unit that the name ends in. */
export function histogram<Label extends string>({
  name,
  help,
  labels = [],
  buckets,
}: Description<Label> & { buckets: readonly number[] }): Histogram<Label> {
  const known = register.getSingleMetric(name) as Histogram<Label> | undefined;
  return known ?? new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets] });
}

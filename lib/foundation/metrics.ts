/**
 * Metrics of this process. Asking twice for the same name gives the same metric, because two copies of our
 * modules may live in one process while prom-client's registry is one.
 */
import { Counter, Gauge, Histogram, register } from "prom-client";

type Description<Label extends string> = { name: string; help: string; labels?: readonly Label[] };

/** A number that only grows. Names end in `_total`. */
export function counter<Label extends string>({ name, help, labels = [] }: Description<Label>): Counter<Label> {
  return known<Counter<Label>>(name) ?? new Counter({ name, help, labelNames: [...labels] });
}

/** A number that comes and goes. */
export function gauge<Label extends string>({ name, help, labels = [] }: Description<Label>): Gauge<Label> {
  return known<Gauge<Label>>(name) ?? new Gauge({ name, help, labelNames: [...labels] });
}

/** A distribution. `buckets` are upper bounds in the unit that the name ends in. */
export function histogram<Label extends string>({
  name,
  help,
  labels = [],
  buckets,
}: Description<Label> & { buckets: readonly number[] }): Histogram<Label> {
  return known<Histogram<Label>>(name) ?? new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets] });
}

/** The registry keeps names, not types: a name stands for one kind of metric, here and nowhere else. */
function known<M extends Counter | Gauge | Histogram>(name: string): M | undefined {
  return register.getSingleMetric(name) as M | undefined;
}

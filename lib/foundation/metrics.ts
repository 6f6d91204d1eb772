/**
 * Metrics of this process. Asking twice for the same name gives the same metric, because two copies of our
 * modules may live in one process while prom-client's registry is one.
 */
import { Counter, Gauge, register, type Histogram } from "prom-client";

type Description<Label extends string> = { name: string; help: string; labels?: readonly Label[] };

/** A number that only grows. Names end in `_total`. */
export function counter<Label extends string>({ name, help, labels = [] }: Description<Label>): Counter<Label> {
  return known<Counter<Label>>(name) ?? new Counter({ name, help, labelNames: [...labels] });
}

/**
 * A number that comes and goes.
 *
 * @param ofWorkers what several workers come to: what they have is added up, of how late they are the worst counts
 */
export function gauge<Label extends string>({
  name,
  help,
  labels = [],
  ofWorkers,
}: Description<Label> & { ofWorkers: "sum" | "max" }): Gauge<Label> {
  return known<Gauge<Label>>(name) ?? new Gauge({ name, help, labelNames: [...labels], aggregator: ofWorkers });
}

/** The registry keeps names, not types: a name stands for one kind of metric, here and nowhere else. */
function known<M extends Counter | Gauge | Histogram>(name: string): M | undefined {
  return register.getSingleMetric(name) as M | undefined;
}

/**
 * A distribution; `buckets` are upper bounds in the unit that the name ends in. prom-client's own searches and copies with
 * every value, which counts where a call takes some ten microseconds; this one reads like it.
 */
export function histogram({
  name,
  help,
  buckets,
}: {
  name: string;
  help: string;
  buckets: readonly number[];
}): Distribution {
  return known<Histogram & Distribution>(name) ?? registered(new Distribution(name, help, buckets));
}

function registered(distribution: Distribution): Distribution {
  // The registry asks for a name and for `get`; its type asks for prom-client's own classes.
  register.registerMetric(distribution as unknown as Histogram);
  return distribution;
}

type Line = { labels: Readonly<Record<string, string>>; counts: Float64Array; sum: number };

/** One value of a line of the metric. */
export type Observe = (value: number) => void;

/** Made by `histogram`. */
export class Distribution {
  readonly name: string;
  readonly help: string;
  readonly type = "histogram";
  readonly aggregator = "sum";
  readonly #buckets: readonly number[];
  readonly #lines: Line[] = [];

  constructor(name: string, help: string, buckets: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#buckets = buckets;
  }

  /** The line with these labels, to be kept by whoever observes: asking twice makes two. */
  line(labels: Readonly<Record<string, string>>): Observe {
    const line: Line = { labels, counts: new Float64Array(this.#buckets.length + 1), sum: 0 };
    this.#lines.push(line);
    const { counts } = line;
    const buckets = this.#buckets;
    return (value) => {
      let at = 0;
      while (at < buckets.length && value > (buckets[at] ?? 0)) at++;
      counts[at] = (counts[at] ?? 0) + 1;
      line.sum += value;
    };
  }

  /** What the registry asks for. */
  get(): object {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#lines.flatMap((line) => this.#values(line)) };
  }

  /** Asked for by the registry when all metrics begin anew. */
  reset(): void {
    for (const line of this.#lines) {
      line.counts.fill(0);
      line.sum = 0;
    }
  }

  #values({ labels, counts, sum }: Line): object[] {
    let count = 0;
    const buckets = [...this.#buckets, "+Inf"].map((le, index) => {
      count += counts[index] ?? 0;
      return { labels: { le, ...labels }, value: count, metricName: `${this.name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: sum, metricName: `${this.name}_sum` },
      { labels, value: count, metricName: `${this.name}_count` },
    ];
  }
}

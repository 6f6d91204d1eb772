import type { Clock } from "./clock.ts";

/**
 * A moment by the clock, which somebody may set, and by a timer that only goes forward but stands still while the machine
 * is suspended, in milliseconds.
 */
export type Moment = { readonly clock: number; readonly timer: number };

/** Longer ago than anything. */
export const never: Moment = { clock: -Infinity, timer: -Infinity };

/**
 * Tells how long ago moments are: by the clock or the timer, whichever has gone further. So neither a clock that is set
 * back nor a machine that was suspended makes anything younger.
 */
export class Moments {
  readonly #clock: Clock;
  readonly #timer: () => number;

  /** @param timer milliseconds that have passed since some moment, whatever the clock is set to; Node's own where left out */
  constructor(clock: Clock, timer: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#timer = timer;
  }

  now(): Moment {
    return { clock: this.#clock.now().getTime(), timer: this.#timer() };
  }

  /** Milliseconds since then. */
  age({ clock, timer }: Moment): number {
    return Math.max(this.#clock.now().getTime() - clock, this.#timer() - timer);
  }

  older(one: Moment, other: Moment): Moment {
    return this.age(one) >= this.age(other) ? one : other;
  }

  newer(one: Moment, other: Moment): Moment {
    return this.age(one) < this.age(other) ? one : other;
  }

  /** The moment by the clock as it is now, for another process; milliseconds since the epoch. */
  toClock(moment: Moment): number {
    return this.#clock.now().getTime() - this.age(moment);
  }

  /** A moment of another process. One that is still to come says nothing about how long ago it was. */
  fromClock(clock: number): Moment {
    const age = this.#clock.now().getTime() - clock;
    return age < 0 ? never : { clock, timer: this.#timer() - age };
  }
}

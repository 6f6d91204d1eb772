/** A value that is there already, or comes later. */
export type Soon<T> = T | Promise<T>;

/**
 * Goes on with a value, at once where it is there: on a way that is taken thousands of times a second, a promise costs
 * more than the work between two of them.
 */
export function whenThere<T, R>(value: Soon<T>, next: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

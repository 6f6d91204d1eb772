/** What was waited for did not come in time. It may still come, to nobody. */
class DeadlineError extends Error {
  constructor(deadlineMs: number) {
    super(`Nothing came within ${deadlineMs / 1000} seconds.`);
    this.name = "DeadlineError";
  }
}

/**
 * Waits for work no longer than that. The work is not ended: whoever does it must see that it ends.
 *
 * @throws {DeadlineError} where the time is over; else whatever the work throws
 */
export async function withinDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DeadlineError(deadlineMs)), deadlineMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

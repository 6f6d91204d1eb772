/**
 * Has what arrives at the same moment done in one go, in the order of arrival, once everything that is there by now has been
 * read. The system hands requests of several connections over at once; where each is answered before the next is read, the
 * parser, the kernel and our own code take each other's place in the processor's caches, and every one of them runs cold.
 *
 * @param act must not throw
 */
export function together<Item>(act: (item: Item) => void): (item: Item) => void {
  let arrived: Item[] = [];
  const actOnAll = () => {
    const items = arrived;
    arrived = [];
    for (const item of items) act(item);
  };
  return (item) => {
    if (arrived.push(item) === 1) setImmediate(actOnAll);
  };
}

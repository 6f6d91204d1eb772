/** Loads a page of the portal anew: nothing that the browser kept for another person or tenant may survive. */
export function loadAfresh(path: string): void {
  window.location.assign(path);
}

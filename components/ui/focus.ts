const fields = "input:not([type=hidden]), select, textarea";
const actions = "a[href], button";

/** What can be reached by keyboard now, in the order of the page. */
function usable(part: Element, selector: string): HTMLElement[] {
  const found = [part, ...part.querySelectorAll(selector)] as HTMLElement[];
  return found.filter(
    (element) =>
      element.matches(selector) && !element.matches(":disabled") && element.tabIndex >= 0 && element.checkVisibility(),
  );
}

/** Where work in a part of the page begins: its first field or, where it asks nothing, the first other control. */
export function firstControl(part: Element): HTMLElement | undefined {
  const [field] = usable(part, fields);
  if (!(field instanceof HTMLInputElement) || field.type !== "radio") {
    return field ?? usable(part, `${actions}, summary, [tabindex="0"]`)[0];
  }
  const chosen = usable(part, "input:checked").find((input) => (input as HTMLInputElement).name === field.name);
  return chosen ?? field;
}

/** Where the focus can go back to. */
export type Place = {
  element: HTMLElement;
  /**
   * Puts the focus back on the element. Once that is gone, on the same control of the row that follows in its list, of
   * the row before, or else on the first action of the page: somebody at a keyboard would have to begin at the top.
   */
  goBack: () => void;
};

/**
 * @param element a control, which may stand in a list of rows: a table's, or those marked with `data-row`
 * @param otherwise takes the place of neighbours once the element is gone
 */
export function placeOf(element: HTMLElement, otherwise?: Place | null): Place {
  const row = element.closest("tr, [data-row]");
  const list = row?.parentElement;
  const index = row && list ? [...list.children].indexOf(row) : 0;
  // Rows differ in how many controls they have; what acts on a row stands at its end.
  const inRow = row ? usable(row, actions) : [];
  const fromEnd = inRow.length - inRow.indexOf(element);

  function neighbour(): HTMLElement | undefined {
    const around = list?.isConnected ? [...list.children] : [];
    for (const other of [...around.slice(index), ...around.slice(0, index).reverse()]) {
      const controls = usable(other, actions);
      const same = controls.at(-fromEnd) ?? controls.at(-1);
      if (same) return same;
    }
    const page = document.querySelector("[data-page-actions]");
    return (page && firstControl(page)) ?? undefined;
  }

  return {
    element,
    goBack() {
      if (element.isConnected) element.focus();
      else if (otherwise) otherwise.goBack();
      else (neighbour() ?? document.querySelector("main"))?.focus();
    },
  };
}

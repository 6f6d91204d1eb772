"use client";

import { useEffect, useRef, type ComponentProps } from "react";
import { placeOf, type Place } from "./focus.ts";

/** A list from which rows and their controls go away: where one goes that has the focus, its neighbour gets it. */
export function KeepsFocus(props: ComponentProps<"div">) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const list = box.current;
    if (!list) return;
    let place: Place | null = null;
    function enter({ target }: FocusEvent) {
      place = target === list || !(target instanceof HTMLElement) ? null : placeOf(target);
    }
    function leave() {
      // A control that was left has nothing to hand on; one that is taken away is left too, and is gone a moment later.
      queueMicrotask(() => {
        if (place?.element.isConnected && document.activeElement !== place.element) place = null;
      });
    }
    const observer = new MutationObserver(() => {
      if (!place || place.element.isConnected || document.activeElement !== document.body) return;
      place.goBack();
    });
    list.addEventListener("focusin", enter);
    list.addEventListener("focusout", leave);
    observer.observe(list, { childList: true, subtree: true });
    return () => {
      list.removeEventListener("focusin", enter);
      list.removeEventListener("focusout", leave);
      observer.disconnect();
    };
  }, []);
  return <div ref={box} {...props} />;
}

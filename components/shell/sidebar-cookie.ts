/** Remembers "narrow" or "wide", so that the server draws the sidebar right the first time. */
export const sidebarCookie = "latchkey.sidebar";

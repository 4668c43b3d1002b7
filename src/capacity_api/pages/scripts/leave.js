// Leaving replaces this page in the browser's history, so that "back" does not return to it.

import { closest, find } from "./dom.js";

/** @param {MouseEvent} event */
function isPlainClick(event) {
  return !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey;
}

const leave = /** @type {HTMLAnchorElement} */ (find(".leave a"));
leave.addEventListener("click", (event) => {
  if (!isPlainClick(event)) return;
  event.preventDefault();
  location.replace(leave.href);
});

// A link within the page would add an entry to the history, and "back" would lead to that entry.
addEventListener("click", (event) => {
  const link = /** @type {HTMLAnchorElement | null} */ (closest(event, 'a[href^="#"]'));
  const target = link && document.getElementById(link.hash.slice(1));
  if (!target || !isPlainClick(event)) return;
  event.preventDefault();
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
  target.scrollIntoView();
});

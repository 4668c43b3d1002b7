// Leaving, and what "back" leads to: never to a page of ours. Only "forward" may lead to one, after the steps of /update.

import { closest, find, findAll } from "./dom.js";

const SHIFT_PRESSES = 3;
const WITHIN_MS = 5000;
const exit = /** @type {HTMLAnchorElement} */ (find(".leave a"));
let hasLeft = false;
let isGoingBack = false;
let isShiftOfAnotherKey = false;
/** When Shift was pressed alone lately. @type {number[]} */
let presses = [];

/** Cover the page at once, because the other site may take long or never answer. Then go there. */
export function leave() {
  hasLeft = true;
  document.documentElement.classList.add("left");
  document.title = exit.hostname;
  replacePage(exit.href);
}

/**
 * Put another page in the place of this one, and of the steps of this one that are in the history before it.
 * @param {string} address
 */
function replacePage(address) {
  const steps = history.state?.steps ?? 0;
  if (!steps) {
    location.replace(address);
    return;
  }
  const replace = () => {
    isGoingBack = false;
    location.replace(address);
  };
  addEventListener("popstate", replace, { once: true });
  // Tapped twice, it must not go back twice, to the site before ours. The last address counts.
  if (!isGoingBack) history.go(-steps);
  isGoingBack = true;
}

/** @param {MouseEvent} event */
function isPlainClick(event) {
  return !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

/**
 * The element of this page that a link leads to, if it leads to one.
 * @param {HTMLAnchorElement} link
 */
function targetWithinPage({ hash, origin, pathname }) {
  const isHere = hash !== "" && origin === location.origin && pathname === location.pathname;
  return isHere ? document.getElementById(hash.slice(1)) : null;
}

exit.addEventListener("click", (event) => {
  if (!isPlainClick(event)) return;
  event.preventDefault();
  leave();
});

addEventListener("click", (event) => {
  const link = /** @type {HTMLAnchorElement | null} */ (closest(event, "a[href]"));
  if (!link || !isPlainClick(event)) return;
  const target = targetWithinPage(link);
  if (target) {
    event.preventDefault();
    // What can have the focus already keeps its place in the order of the Tab key.
    if (target.tabIndex < 0) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView();
  } else if (link.origin === location.origin && !link.target && !link.hasAttribute("download")) {
    event.preventDefault();
    replacePage(link.href);
  }
});

// Shift three times leaves, as on GOV.UK. A Shift that makes a capital letter or a selection does not count.
for (const type of ["keydown", "pointerdown"]) {
  addEventListener(type, (event) => {
    const { key, shiftKey } = /** @type {KeyboardEvent} */ (event);
    if (key === "Shift") return;
    presses = [];
    isShiftOfAnotherKey = shiftKey;
  });
}
addEventListener("keyup", ({ key, timeStamp }) => {
  if (key !== "Shift") return;
  if (!isShiftOfAnotherKey) presses = [...presses.filter((at) => timeStamp - at < WITHIN_MS), timeStamp];
  isShiftOfAnotherKey = false;
  if (presses.length >= SHIFT_PRESSES) leave();
});

// Here both the key and "back" work as said above.
for (const part of findAll(".with-script")) part.hidden = false;
for (const part of findAll(".without-script")) part.hidden = true;

// A browser may bring the page back as it was.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted && hasLeft) leave();
});

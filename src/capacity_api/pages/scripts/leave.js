// Leaving, and what "back" and "forward" lead to then: never to a page of ours.

import { closest, find, findAll } from "./dom.js";

const SHIFT_PRESSES = 3;
const WITHIN_MS = 5000;
const exit = /** @type {HTMLAnchorElement} */ (find(".leave a"));
let hasLeft = false;
let isGoingBack = false;
let isShiftOfAnotherKey = false;
/** Where to go. Tapped twice, the last address counts. */
let destination = "";
/** Whether the history may have steps of this page after the one that is shown. */
let hasGoneBack = Boolean(history.state?.steps);
/** When Shift was pressed alone lately. @type {number[]} */
let presses = [];
/** @type {(go: () => void) => boolean} */
let askFirst = () => false;

/**
 * Have a question asked before a link leads away from what was typed. Leaving asks nothing.
 * @param {(go: () => void) => boolean} ask says whether it asked; then it calls `go` itself, or not
 */
export function beforeLinks(ask) {
  askFirst = ask;
}

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
  destination = address;
  // Tapped twice, it must not go back twice, to the site before ours.
  if (isGoingBack) return;
  isGoingBack = true;
  // It takes the place of the steps that come after this one.
  if (hasLeft && hasGoneBack) history.pushState({ ...history.state, steps: stepsBefore() + 1, hasLeft }, "");
  goBack();
}

/** Back over the steps of this page. When leaving, one at a time: each is marked, so that "forward" leads away too. */
function goBack() {
  const steps = stepsBefore();
  if (!steps) {
    isGoingBack = false;
    location.replace(destination);
    return;
  }
  if (hasLeft) history.replaceState({ ...history.state, hasLeft }, "");
  addEventListener("popstate", goBack, { once: true });
  history.go(hasLeft ? -1 : -steps);
}

/** @returns {number} */
function stepsBefore() {
  return history.state?.steps ?? 0;
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
    return;
  }
  const { href, origin, protocol } = link;
  if (link.target || link.hasAttribute("download") || !protocol.startsWith("http")) return;
  const isOurs = origin === location.origin;
  const go = () => (isOurs ? replacePage(href) : location.assign(href));
  const isAsked = askFirst(go);
  if (isAsked || isOurs) event.preventDefault();
  if (isOurs && !isAsked) go();
});

addEventListener("popstate", () => (hasGoneBack = true));

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

// A browser may bring the page back as it was, and "forward" may lead to a step of a page that was left.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted && hasLeft) location.replace(exit.href);
});
if (history.state?.hasLeft) {
  document.documentElement.classList.add("left");
  location.replace(exit.href);
}

// The entries of the list: which state each is shown in, and where it stands.

import { FACTS } from "./facts.js";
import { element, moment, say, words } from "./words.js";

/** The responders as /v1/directory last had them, by slug. */
export const held = new Map();

const STATES = Object.keys(FACTS.states);

export function entries() {
  return [...document.querySelectorAll(".entry")];
}

export function slugOf(entry) {
  return entry.id.slice(2);
}

export function stateOf(entry) {
  return entry.classList.item(1);
}

/** When the first of the entries lapses, in milliseconds since 1970. */
export function nextLapse() {
  return Math.min(...entries().map((entry) => Date.parse(entry.dataset.until ?? "") || Infinity));
}

/** Show as not confirmed what has lapsed by `now`, whatever the server says of it later; returns the entries. */
export function lapse(now) {
  const lapsed = entries().filter((entry) => Date.parse(entry.dataset.until ?? "") <= now);
  for (const entry of lapsed) {
    const said = FACTS.states[stateOf(entry)][1];
    const time = moment(Date.parse(entry.dataset.until));
    for (const part of entry.querySelectorAll(".said")) part.remove();
    entry.className = "entry unconfirmed";
    delete entry.dataset.until;
    entry.querySelector(".state").textContent = FACTS.states.unconfirmed[0];
    entry.querySelector(".facts").after(
      element("p", { class: "small soft" }, say(words.lapsed, { state: said, time })),
    );
  }
  return lapsed;
}

/** Put every entry into the group of its state, in the order of the slugs, and count them. */
export function place() {
  const groups = Object.fromEntries(STATES.map((state) => [state, []]));
  for (const entry of entries()) groups[stateOf(entry)].push(entry);
  const someWereOpen = document.querySelector("[data-count=open]").textContent !== "0";
  for (const state of STATES) {
    const sorted = groups[state].sort((one, other) => (slugOf(one) < slugOf(other) ? -1 : 1));
    const group = document.getElementById(state);
    const list = group.querySelector(".entries");
    // Moving what is in its place already would take the focus from it.
    if (list.children.length !== sorted.length || sorted.some((entry, number) => list.children[number] !== entry)) {
      list.replaceChildren(...sorted);
    }
    group.hidden = !sorted.length && state !== "open";
    group.querySelector("[data-count]").textContent = sorted.length;
    const summary = document.querySelector(`[data-summary=${state}]`);
    const text = `${sorted.length} ${FACTS.states[state][1]}`;
    summary.replaceChildren(sorted.length ? element("a", { href: `#${state}` }, text) : text);
  }
  if (groups.open.length || !someWereOpen) return;
  document.querySelector("#open > p").textContent = words.nobody_open;
  document.querySelector("#paused > p").textContent = words.paused_nobody;
}

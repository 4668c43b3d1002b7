// The entries of the list: which state each is shown in, and where it stands.

import { FACTS } from "./facts.js";
import { element, moment, say, words } from "./words.js";

/** The responders as /v1/directory last had them, by slug, in the order of their names. */
export const held = new Map();

const STATES = Object.keys(FACTS.states);
const shown = document.getElementsByClassName("entry");

export function entries() {
  return [...shown];
}

export function entryOf(slug) {
  return document.getElementById(`r-${slug}`);
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

/** Put every entry into the group of its state, in the order of the slugs. */
export function place() {
  const groups = [...byState()].map(([state, found]) => [
    document.getElementById(state).querySelector(".entries"),
    found.sort((one, other) => (one.id < other.id ? -1 : 1)),
  ]);
  fill(new Map(groups));
}

/** Put entries into lists, each in its order; what is in its place already keeps it, and with it the focus. */
export function fill(lists) {
  const where = new Map([...lists].flatMap(([list, found]) => found.map((entry) => [entry, list])));
  for (const [list, found] of lists) {
    let next = list.firstElementChild;
    for (const entry of found) {
      while (next && where.get(next) !== list) next = next.nextElementSibling;
      // One by one: handing over many at once moves each of them twice more, by way of a fragment.
      if (entry === next) next = next.nextElementSibling;
      else list.insertBefore(entry, next);
    }
  }
}

/** Say how many are in each state, wherever the entries stand. */
export function count() {
  const someWereOpen = document.querySelector("#open [data-count]").textContent !== "0";
  for (const [state, { length }] of byState()) {
    const group = document.getElementById(state);
    group.hidden = !length && state !== "open";
    group.querySelector("[data-count]").textContent = length;
    const text = `${length} ${FACTS.states[state][1]}`;
    const part = document.querySelector(`[data-summary=${state}]`);
    const link = part.querySelector("a");
    // A link that stays keeps the focus.
    if (length && link) link.textContent = text;
    else part.replaceChildren(length ? element("a", { href: `#${state}` }, text) : text);
    if (state !== "open" || length || !someWereOpen) continue;
    document.querySelector("#open > p").textContent = words.nobody_open;
    document.querySelector("#paused > p").textContent = words.paused_nobody;
  }
}

function byState() {
  const groups = new Map(STATES.map((state) => [state, []]));
  for (const entry of entries()) groups.get(stateOf(entry)).push(entry);
  return groups;
}

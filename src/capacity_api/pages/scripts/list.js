// The entries of the list: which state each shows, and where it stands.

import { createElement, byId, find, findAll } from "./dom.js";
import { FACTS, WORDS } from "./facts.js";
import { sayCount } from "./words.js";

/** @import { State } from "./types.js" */

const STATES = /** @type {State[]} */ (Object.keys(FACTS.states));

export function entries() {
  return [.../** @type {HTMLCollectionOf<HTMLElement>} */ (document.getElementsByClassName("entry"))];
}

/** @param {string} slug */
export function entryOf(slug) {
  return document.getElementById(`r-${slug}`);
}

/** @param {Element} entry */
export function slugOf(entry) {
  return entry.id.slice("r-".length);
}

/** The state is the second class. @param {Element} entry */
export function stateOf(entry) {
  return /** @type {State} */ (entry.classList.item(1));
}

/** When an entry lapses, in milliseconds since 1970; never is Infinity. @param {HTMLElement} entry */
function lapsesAt(entry) {
  return Date.parse(entry.dataset.until ?? "") || Infinity;
}

/** When the next entry lapses. */
export function nextLapse() {
  return Math.min(...entries().map(lapsesAt));
}

/**
 * Show as not confirmed the entries that have lapsed by `now`, and return them.
 * @param {number} now
 */
export function lapse(now) {
  const lapsed = entries().filter((entry) => lapsesAt(entry) <= now);
  for (const entry of lapsed) {
    for (const part of findAll(".said", entry)) part.remove();
    find(".more", entry).before(createElement("p", { class: "small soft lapsed" }, entry.dataset.lapsed ?? ""));
    entry.className = "entry unconfirmed";
    delete entry.dataset.until;
    delete entry.dataset.lapsed;
    find(".state", entry).textContent = FACTS.labels.unconfirmed;
  }
  return lapsed;
}

/** Put every entry into the group of its state, in the order of the slugs. */
export function groupByState() {
  /** @type {Map<Element, HTMLElement[]>} */
  const lists = new Map();
  for (const [state, members] of entriesByState()) {
    members.sort((one, other) => (one.id < other.id ? -1 : 1));
    lists.set(find(".entries", byId(state)), members);
  }
  moveInto(lists);
}

/**
 * Put entries into lists, each in its order. An entry that is in its place does not move, and so keeps the focus.
 * @param {Map<Element, Element[]>} lists
 */
export function moveInto(lists) {
  const listOf = new Map();
  for (const [list, members] of lists) for (const entry of members) listOf.set(entry, list);
  for (const [list, members] of lists) {
    let next = list.firstElementChild;
    for (const entry of members) {
      while (next && listOf.get(next) !== list) next = next.nextElementSibling;
      // One at a time: to insert many at once moves each of them two times more, through a fragment.
      if (entry === next) next = next.nextElementSibling;
      else list.insertBefore(entry, next);
    }
  }
}

/** Write how many entries are in each state, wherever they stand. */
export function showCounts() {
  const someWereOpen = find("#open [data-count]").textContent !== "0";
  const groups = entriesByState();
  for (const [state, { length }] of groups) {
    const group = byId(state);
    group.hidden = !length && state !== "open";
    find("[data-count]", group).textContent = String(length);
    const text = sayCount(FACTS.counts[state], length, { count: length });
    const part = find(`[data-summary=${state}]`);
    const link = part.querySelector("a");
    // Change the text of a link that stays: it may have the focus.
    if (length && link) link.textContent = text;
    else part.replaceChildren(length ? createElement("a", { href: `#${state}` }, text) : text);
  }
  find("#open .helpline").hidden = Boolean(groups.get("open")?.length);
  if (someWereOpen && !groups.get("open")?.length) {
    find("#open > p").textContent = WORDS.directory.nobody_open;
    find("#paused > p").textContent = WORDS.directory.paused_nobody;
  }
}

function entriesByState() {
  /** @type {Map<State, HTMLElement[]>} */
  const groups = new Map(STATES.map((state) => [state, []]));
  for (const entry of entries()) groups.get(stateOf(entry))?.push(entry);
  return groups;
}

// The directory page. Keeps the list true while the page is open: asks the server for changes, and lapses by the clock.

import "./leave.js";
import { ServerClock } from "./clock.js";
import { byId, find, findAll } from "./dom.js";
import { FACTS, WORDS } from "./facts.js";
import { arrange, showForm } from "./filter.js";
import { ask, fetchPage, hideAge, news, showAge } from "./freshness.js";
import { entries, lapse, nextLapse, slugOf, stateOf } from "./list.js";
import { offerRecord } from "./record.js";
import { directory, store } from "./responders.js";
import { joinItems, moment, say } from "./words.js";

const ASK_EVERY = 30_000;
const words = WORDS.directory;
const asOf = /** @type {HTMLTimeElement} */ (find("#now time"));
const list = byId("list");

const clock = new ServerClock(Date.parse(asOf.dateTime));
let readAt = Date.parse(asOf.dateTime);
let etag = "";
let lapsesNext = nextLapse();
// The slugs of responders that have changed since the list was last updated.
/** @type {Set<string>} */
const changed = new Set();

function refresh() {
  return ask(update, () => showAge(words.stale, readAt, clock.now() - readAt));
}

/** @param {AbortSignal} signal */
async function update(signal) {
  /** @type {Record<string, string>} */
  const headers = etag ? { "If-None-Match": etag } : {};
  const response = await fetch("/v1/directory", { cache: "no-store", credentials: "omit", headers, signal });
  if (response.status !== 304 && !response.ok) throw new Error(String(response.status));
  if (response.ok) for (const slug of store(await response.json())) changed.add(slug);
  etag = response.headers.get("etag") ?? etag;
  clock.setBy(response.headers);
  if (isBehind()) await updateList(signal);
  else changed.clear();
  showReadAt(clock.now());
  hideAge(words.fresh);
  showForm();
  offerRecord(readAt);
  tick();
}

/**
 * Say when the list was read.
 * @param {number} at
 */
function showReadAt(at) {
  readAt = at;
  // A page that was just served says it already, give or take a minute.
  if (at - Date.parse(asOf.dateTime) < 2 * 60_000) return;
  for (const time of /** @type {HTMLTimeElement[]} */ (findAll("#now time, .print time"))) {
    time.dateTime = new Date(at).toISOString();
    time.textContent = moment(at);
  }
}

/** Whether the list differs from the directory, apart from entries that have lapsed on the page. */
function isBehind() {
  const { sequence, responders } = directory;
  const shown = entries();
  if (Number(list.dataset.sequence) < sequence || shown.length !== responders.size) return true;
  return shown.some((entry) => {
    const state = stateOf(entry);
    return state !== "unconfirmed" && state !== responders.get(slugOf(entry))?.intake.state;
  });
}

/**
 * Take what has changed from the page as the server has it now. The rest stays as the reader left it.
 * @param {AbortSignal} signal
 */
async function updateList(signal) {
  const page = await fetchPage("list", signal);
  const focused = document.activeElement;
  const withOtherState = replaceEntries(page);
  replaceExplanations(page);
  // Another process may have served the page, and may know less or more than the one that served the directory.
  const sequence = Number(find("#list", page).dataset.sequence);
  list.dataset.sequence = String(Math.min(sequence, directory.sequence));
  if (sequence >= directory.sequence) changed.clear();
  lapsesNext = nextLapse();
  arrange();
  announce(withOtherState);
  if (focused) restoreFocus(focused);
}

/**
 * Replace the entries that have changed, and return those that are new or in another state.
 * @param {Document} page
 */
function replaceEntries(page) {
  const withOtherState = [];
  const before = new Map(entries().map((entry) => [entry.id, entry]));
  const removed = new Map(before);
  for (const entry of findAll(".entry", page)) {
    const old = before.get(entry.id);
    removed.delete(entry.id);
    if (!old) find("#list .entries").append(entry);
    const isInSameState = old && stateOf(old) === stateOf(entry);
    if (!isInSameState) withOtherState.push(entry);
    if (old && (!isInSameState || changed.has(slugOf(entry)))) old.replaceWith(entry);
  }
  for (const entry of removed.values()) entry.remove();
  return withOtherState;
}

/**
 * What each group says above its entries. A paragraph that has not changed stays: it may have the focus.
 * @param {Document} page
 */
function replaceExplanations(page) {
  for (const { id } of list.children) {
    const current = find(`#${id} > p`);
    const latest = find(`#${id} > p`, page);
    if (!current.isEqualNode(latest)) current.replaceWith(latest);
  }
}

/**
 * Return the focus to an element, or to the entry that took the place of the one that it was in.
 * @param {Element} focused
 */
function restoreFocus(focused) {
  const target = focused.isConnected ? focused : document.getElementById(focused.closest(".entry")?.id ?? "");
  if (!(target instanceof HTMLElement) || target === document.activeElement) return;
  if (target !== focused) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

/**
 * Have screen readers read out the first five changes.
 * @param {HTMLElement[]} changedEntries
 */
function announce(changedEntries) {
  if (!changedEntries.length) return;
  const changes = changedEntries.slice(0, 5).map((entry) => {
    const name = find("h3", entry).textContent;
    return say(words.change, { name, state: FACTS.states[stateOf(entry)] });
  });
  news.textContent = say(words.changed, { changes: joinItems(changes) });
}

/** Lapse what is due. */
function tick() {
  const now = clock.now();
  if (now < lapsesNext) return;
  const lapsed = lapse(now);
  lapsesNext = nextLapse();
  if (!lapsed.length) return;
  arrange();
  announce(lapsed);
  refresh();
}

function refreshIfVisible() {
  if (!document.hidden) refresh();
}

setInterval(tick, 1000);
setInterval(refreshIfVisible, ASK_EVERY);
for (const event of ["visibilitychange", "online", "offline", "pageshow"]) {
  addEventListener(event, () => {
    tick();
    refreshIfVisible();
  });
}
byId("address").textContent ||= location.origin + location.pathname;
refresh();

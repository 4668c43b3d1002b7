// One charity's page. Keeps it true while it is open: fetches it again each minute, and lapses by the clock.

import "./leave.js";
import { ServerClock } from "./clock.js";
import { byId, find, findAll } from "./dom.js";
import { FACTS, WORDS } from "./facts.js";
import { ask, fetchPage, hideAge, news, showAge } from "./freshness.js";
import { entries, lapse, stateOf } from "./list.js";
import { moment, say } from "./words.js";

const ASK_EVERY = 60_000;
const words = WORDS.responder;

// The page may have been made an hour ago. A device's clock that is ahead only makes a state lapse too soon.
const clock = new ServerClock(Math.max(Date.parse(asOf().dateTime), Date.now()));
let readAt = clock.now();

function asOf() {
  return /** @type {HTMLTimeElement} */ (find("#now time"));
}

function refresh() {
  if (document.hidden) return;
  ask(update, () => showAge(words.stale, readAt, clock.now() - readAt));
}

/** @param {AbortSignal} signal */
async function update(signal) {
  const [entry] = entries();
  const before = stateOf(entry);
  const page = await fetchPage(entry.id, signal, clock);
  for (const id of [entry.id, "now", "others", "past"]) replacePart(byId(id), find(`#${id}`, page));
  tick();
  if (stateOf(entries()[0]) !== before) announce();
  readAt = clock.now();
  for (const time of /** @type {HTMLTimeElement[]} */ ([asOf(), ...findAll(".print time")])) {
    time.dateTime = new Date(readAt).toISOString();
    time.textContent = moment(readAt);
  }
  hideAge(words.fresh);
}

/**
 * Put the latest version of a part into its place, if it differs. What the reader has unfolded stays so.
 * @param {HTMLElement} current
 * @param {HTMLElement} latest
 */
function replacePart(current, latest) {
  const folds = /** @type {HTMLDetailsElement[]} */ (findAll("details", current));
  const latestFolds = /** @type {HTMLDetailsElement[]} */ (findAll("details", latest));
  for (const [index, fold] of latestFolds.entries()) fold.open = folds[index]?.open ?? false;
  if (current.isEqualNode(latest)) return;
  const hadFocus = current.contains(document.activeElement);
  current.replaceWith(latest);
  if (!hadFocus) return;
  latest.tabIndex = -1;
  latest.focus({ preventScroll: true });
}

/** Have screen readers read out the state. */
function announce() {
  const [entry] = entries();
  news.textContent = say(words.changed, {
    name: find("h1", entry).textContent,
    state: FACTS.states[stateOf(entry)],
  });
}

/** Lapse what is due: this charity, and what others can do. */
function tick() {
  const now = clock.now();
  const lapsed = lapse(now);
  for (const other of findAll("#others [data-until]")) {
    if (Date.parse(other.dataset.until ?? "") > now) continue;
    find(".outcome", other).textContent = FACTS.outcomes.ask;
    delete other.dataset.until;
  }
  if (!lapsed.length) return;
  announce();
  refresh();
}

setInterval(tick, 1000);
setInterval(refresh, ASK_EVERY);
for (const event of ["visibilitychange", "online", "offline", "pageshow"]) {
  addEventListener(event, () => {
    tick();
    refresh();
  });
}
for (const address of findAll(".address")) address.textContent ||= location.origin + location.pathname;
refresh();

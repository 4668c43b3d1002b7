// Keeps the list true while the page is open: lapses by the clock, changes by asking the server.

import { FACTS } from "./facts.js";
import { arrange, offer } from "./filter.js";
import { entries, held, lapse, nextLapse, slugOf, stateOf } from "./list.js";
import { ask, fetchPage, news, tellAge, tellFresh } from "./page.js";
import { moment, say, words } from "./words.js";

const ASK_EVERY = 30_000;

// The server's time, because the device's may be wrong. Until the first answer, the page's own "as of".
let told = { at: Date.parse(document.querySelector("#now time").dateTime), wall: Date.now() - performance.now(), ran: 0 };
let read = told.at;
let etag = null;
let due = nextLapse();
// The slugs of the responders that are not as the list shows them.
const changed = new Set();

function now() {
  // A device that slept stops one of the two clocks, and somebody who sets the time moves the other.
  return told.at + Math.max(Date.now() - told.wall, performance.now() - told.ran);
}

async function follow(signal) {
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch("/v1/directory", { cache: "no-store", credentials: "omit", headers, signal });
  if (answer.status !== 304 && !answer.ok) throw new Error(answer.status);
  if (answer.ok) take(await answer.json());
  etag = answer.headers.get("etag") ?? etag;
  // A second more, because the header leaves out its fraction: never open for longer.
  const at = Date.parse(answer.headers.get("date") ?? "") + 1000;
  if (at) told = { at, wall: Date.now(), ran: performance.now() };
  if (isBehind()) await renew(signal);
  else changed.clear();
  readAt(now());
  tellFresh();
  offer();
  tick();
}

const refresh = () => ask(follow, () => tellAge(read, now() - read));

/** Say for which moment the list is true. */
function readAt(at) {
  read = at;
  const shown = document.querySelectorAll("#now time, .print time");
  // A page that was just served says it already, give or take a minute.
  if (at - Date.parse(shown[0].dateTime) < 2 * 60_000) return;
  for (const time of shown) {
    time.dateTime = new Date(at).toISOString();
    time.textContent = moment(at);
  }
}

/** Hold a new directory. */
function take(directory) {
  const before = new Map(held);
  held.clear();
  held.sequence = directory.sequence;
  for (const responder of byName(directory.responders)) {
    const old = before.get(responder.slug);
    held.set(responder.slug, responder);
    if (!old || JSON.stringify(old) !== JSON.stringify(responder)) changed.add(responder.slug);
  }
}

/** By name, and by slug where names are the same, as the service sorts matches. */
function byName(responders) {
  const keyed = responders.map((responder) => [`${responder.name.toLowerCase()}\0${responder.slug}`, responder]);
  return keyed.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, responder]) => responder);
}

/** Whether what is shown is not what is held, apart from what has lapsed here. */
function isBehind() {
  const shown = entries();
  return (
    Number(document.getElementById("list").dataset.sequence) < held.sequence ||
    shown.length !== held.size ||
    shown.some((entry) => stateOf(entry) !== held.get(slugOf(entry))?.intake.state && stateOf(entry) !== "unconfirmed")
  );
}

/** Take from the page as it is now what changed, and leave the rest as the reader has it. */
async function renew(signal) {
  const page = await fetchPage("list", signal);
  const before = new Map(entries().map((entry) => [entry.id, entry]));
  const gone = new Map(before);
  const focused = document.activeElement;
  const told = [];
  for (const fresh of page.querySelectorAll(".entry")) {
    const old = before.get(fresh.id);
    const same = old && stateOf(old) === stateOf(fresh);
    gone.delete(fresh.id);
    if (!same) told.push(fresh);
    if (!old) document.querySelector("#list .entries").append(fresh);
    else if (!same || changed.has(slugOf(fresh))) old.replaceWith(fresh);
  }
  for (const entry of gone.values()) entry.remove();
  const list = document.getElementById("list");
  for (const { id } of list.children) {
    const [said, fresh] = [document, page].map((each) => each.querySelector(`#${id} > p`));
    // What stays keeps the focus.
    if (!said.isEqualNode(fresh)) said.replaceWith(fresh);
  }
  // The page may come from a process that knows less than the one that was asked, or more.
  const sequence = Number(page.getElementById("list").dataset.sequence);
  list.dataset.sequence = Math.min(sequence, held.sequence);
  if (sequence >= held.sequence) changed.clear();
  due = nextLapse();
  arrange();
  announce(told);
  const back = focused.isConnected ? focused : document.getElementById(focused.closest(".entry")?.id);
  if (back && back !== document.activeElement) {
    if (!focused.isConnected) back.tabIndex = -1;
    back.focus({ preventScroll: true });
  }
}

function announce(changed) {
  if (!changed.length) return;
  const changes = changed.slice(0, 5).map((entry) =>
    say(words.change, {
      name: entry.querySelector("h3").textContent,
      state: FACTS.states[stateOf(entry)][1],
    }),
  );
  news.textContent = say(words.changed, { changes: changes.join(words.and) });
}

function tick() {
  if (now() < due) return;
  const lapsed = lapse(now());
  due = nextLapse();
  if (!lapsed.length) return;
  arrange();
  announce(lapsed);
  refresh();
}

setInterval(tick, 1000);
setInterval(() => document.hidden || refresh(), ASK_EVERY);
for (const event of ["visibilitychange", "online", "offline", "pageshow"]) {
  addEventListener(event, () => {
    tick();
    if (!document.hidden) refresh();
  });
}
document.getElementById("address").textContent ||= location.origin + location.pathname;
refresh();

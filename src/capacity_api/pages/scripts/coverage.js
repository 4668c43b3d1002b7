// The coverage page. Keeps the picture true while the page is open.

import "./leave.js";
import { byId, find } from "./dom.js";
import { WORDS } from "./facts.js";
import { ask, fetchPage, hideAge, news, showAge } from "./freshness.js";

const ASK_EVERY = 60_000;
const PARTS = ["now", "picture", "gaps"];
const words = WORDS.coverage;

let readAt = Date.now();

function refresh() {
  if (document.hidden) return;
  ask(update, () => {
    const asOf = /** @type {HTMLTimeElement} */ (find("#now time"));
    showAge(words.stale, Date.parse(asOf.dateTime), Date.now() - readAt);
  });
}

/** @param {AbortSignal} signal */
async function update(signal) {
  const page = await fetchPage("picture", signal);
  const replaced = PARTS.filter((id) => replacePart(id, page));
  readAt = Date.now();
  hideAge(words.fresh);
  if (replaced.includes("picture")) news.textContent = words.changed;
}

/**
 * Take a part of the page from `page` if it has changed; says whether it has.
 * @param {string} id
 * @param {Document} page
 */
function replacePart(id, page) {
  const current = byId(id);
  const latest = find(`#${id}`, page);
  if (current.isEqualNode(latest)) return false;
  current.replaceWith(latest);
  return true;
}

setInterval(refresh, ASK_EVERY);
for (const event of ["visibilitychange", "online", "offline"]) addEventListener(event, refresh);
// A page that was just loaded is up to date. One that the browser kept may be old.
addEventListener("pageshow", (event) => event.persisted && refresh());

// The coverage page. Shows one place at a time, and keeps the page true while it is open.

import "./leave.js";
import { byId, find, findAll } from "./dom.js";
import { WORDS } from "./facts.js";
import { ask, fetchPage, hideAge, news, showAge } from "./freshness.js";

const ASK_EVERY = 60_000;
const PARTS = ["now", "gaps", "places"];
const words = WORDS.coverage;
const choice = /** @type {HTMLSelectElement} */ (find("#choice select"));

let readAt = Date.now();

/**
 * The places on a page. Several that are the same are one.
 * @param {ParentNode} page
 * @returns {NodeListOf<HTMLDetailsElement>}
 */
const placesOn = (page) => page.querySelectorAll("#places details");
/** @param {HTMLElement} part */
const areasOf = (part) => (part.dataset.areas ?? "").split(" ");
/** @param {HTMLElement} part */
const isChosen = (part) => choice.value === "" || areasOf(part).includes(choice.value);

/**
 * Leave the chosen place alone on a page, or all of them, and open those with these areas. The chosen one is named
 * first, however many are the same.
 * @param {ParentNode} page
 * @param {string[]} open
 */
function arrange(page, open) {
  for (const place of placesOn(page)) {
    const areas = areasOf(place);
    place.hidden = !isChosen(place);
    place.open = open.some((area) => areas.includes(area));
    const chosen = /** @type {HTMLElement | null} */ (place.querySelector(".chosen"));
    if (!chosen) continue;
    chosen.hidden = choice.value === "";
    find("span", chosen).textContent = choice.selectedOptions[0].text;
  }
  arrangeGaps(page);
}

/**
 * Leave the gaps of the chosen place alone on a page, headed by this place, with whom to ask there.
 * @param {ParentNode} page
 */
function arrangeGaps(page) {
  const gaps = findAll(".gap", page);
  if (!gaps.length) return;
  const { text, dataset } = choice.selectedOptions[0];
  // "England as a whole": somebody may be open for a part of it.
  const name = choice.value ? (dataset.whole ?? text) : "";
  for (const gap of gaps) {
    gap.hidden = !isChosen(gap);
    const [places, chosen] = /** @type {HTMLElement[]} */ (findAll("h3 > span, summary > span", gap));
    places.hidden = choice.value !== "";
    chosen.hidden = choice.value === "";
    chosen.textContent = name;
    const asked = findAll("a[data-areas]", gap);
    for (const charity of asked) charity.hidden = !isChosen(charity);
    // "And others" alone would say nothing.
    const help = gap.querySelector("p");
    if (help) help.hidden = asked.every((charity) => charity.hidden);
  }
  const isGap = gaps.some((gap) => !gap.hidden);
  find("#no-gap", page).hidden = isGap;
  find("#no-gap span", page).textContent = name;
  find("#nobody-for", page).hidden = !isGap;
}

/** An area of each place that is open. Its other areas may differ by the next answer. */
function openAreas() {
  const open = [...placesOn(document)].filter((place) => place.open && !place.hidden).map(areasOf);
  return open.map((areas) => (areas.includes(choice.value) ? choice.value : areas[0]));
}

function refresh() {
  if (document.hidden) return;
  ask(update, () => {
    const asOf = /** @type {HTMLTimeElement} */ (find("#now time"));
    showAge(words.stale, Date.parse(asOf.dateTime), Date.now() - readAt);
  });
}

/** @param {AbortSignal} signal */
async function update(signal) {
  const page = await fetchPage("places", signal);
  arrange(page, openAreas());
  const openGaps = [...document.querySelectorAll("#gaps details[open] summary")].map((summary) => summary.textContent);
  for (const gap of page.querySelectorAll("#gaps details")) {
    gap.toggleAttribute("open", openGaps.includes(find("summary", gap).textContent));
  }
  const replaced = PARTS.filter((id) => replacePart(id, page));
  readAt = Date.now();
  hideAge(words.fresh);
  if (replaced.some((id) => id !== "now")) news.textContent = words.changed;
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
  const focused = current.contains(document.activeElement) ? document.activeElement?.textContent : undefined;
  current.replaceWith(latest);
  /** @type {NodeListOf<HTMLElement>} */
  const links = latest.querySelectorAll("summary, a");
  [...links].find((link) => link.textContent === focused)?.focus();
  return true;
}

choice.addEventListener("change", () => {
  arrange(document, [choice.value]);
  for (const gap of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("#gaps details"))) {
    gap.open = choice.value !== "" && !gap.hidden;
  }
});
byId("choice").hidden = false;
setInterval(refresh, ASK_EVERY);
for (const event of ["visibilitychange", "online", "offline"]) addEventListener(event, refresh);
// A page that was just loaded is up to date. One that the browser kept may be old.
addEventListener("pageshow", (event) => event.persisted && refresh());

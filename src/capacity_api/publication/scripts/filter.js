// "For whom?": matching in the page itself. What is chosen is in no address, no storage and no request.

import { FACTS } from "./facts.js";
import { count, entries, held, place, slugOf, stateOf } from "./list.js";
import { OUTCOMES, about, decide, within } from "./matching.js";
import { balanced, element, say, words } from "./words.js";

const form = document.querySelector("form.ask");
const matches = document.getElementById("matches");
const list = () => document.getElementById("list");

/** Show the entries as the form asks for them. */
export function arrange() {
  const question = {
    ...Object.fromEntries(["area", "exploitation_type", "age_group", "gender"].map((name) => [name, form[name].value])),
    circumstances: [...form.querySelectorAll("[name=circumstances]:checked")].map((tick) => tick.value),
  };
  const accepting = form.accepting.checked;
  const asks = Object.values(question).some((value) => value.length);
  const focused = document.activeElement;
  for (const why of document.querySelectorAll(".why")) why.remove();
  form.querySelector("[type=reset]").hidden = !asks && !accepting;
  count();
  if (asks) {
    match(about(question), accepting);
  } else {
    place();
    for (const group of list().children) group.hidden ||= accepting && group.id !== "open";
    matches.replaceChildren();
    form.found.value = "";
  }
  list().hidden = asks;
  // An entry that was moved has lost it.
  if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

function match(asked, accepting) {
  const groups = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, []]));
  const left = [];
  for (const entry of byName(entries())) {
    const { outcome, reasons } = decide(current(slugOf(entry), stateOf(entry)), asked);
    const excepted = reasons.some((code) => code.startsWith("exception_"));
    if (accepting && (outcome === "no" || (stateOf(entry) !== "open" && !excepted))) {
      left.push(entry);
      continue;
    }
    const sentences = reasons.map((code) => FACTS.sentences[code]).join(" ");
    entry.querySelector(".head").after(element("p", { class: "why" }, sentences));
    groups[outcome].push(entry);
  }
  const shown = OUTCOMES.filter((outcome) => groups[outcome].length);
  matches.replaceChildren(
    ...shown.map((outcome) => section(outcome, groups[outcome])),
    element("ul", { hidden: "" }, ...left),
  );
  form.found.value = shown
    .map((outcome) => say(words.found, { outcome: FACTS.outcomes[outcome], count: groups[outcome].length }))
    .join(" · ");
}

function section(outcome, found) {
  const id = `m-${outcome}`;
  return element(
    "section",
    { class: "group", "aria-labelledby": id },
    element("h2", { id }, `${FACTS.outcomes[outcome]} (${found.length})`),
    element("ul", { class: "entries", role: "list" }, ...found),
  );
}

/** By name, and by slug where names are the same, as the service sorts them. */
function byName(found) {
  const keys = new Map(found.map((entry) => [entry, `${held.get(slugOf(entry)).name.toLowerCase()}\0${entry.id}`]));
  return found.sort((one, other) => (keys.get(one) < keys.get(other) ? -1 : 1));
}

/** A responder with the state that it is shown in here, which may have lapsed since it was fetched. */
function current(slug, state) {
  const responder = held.get(slug);
  return { ...responder, intake: { ...responder.intake, state } };
}

/** Whoever may take people of the same remit, best first, below the link that asked for it. */
function others(link) {
  const slug = slugOf(link.closest(".entry"));
  const asked = within(held.get(slug).remit);
  const found = byName(entries())
    .filter((entry) => slugOf(entry) !== slug)
    .map((entry) => ({ entry, ...decide(current(slugOf(entry), stateOf(entry)), asked) }))
    .filter(({ outcome }) => outcome !== "no")
    .sort((one, other) => OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome));
  if (!found.length) return element("div", { class: "others" }, element("p", {}, words.nobody_else));
  const items = found.map(({ entry, outcome }) => {
    const name = element("a", { href: `#${entry.id}` }, element("bdi", {}, balanced(held.get(slugOf(entry)).name)));
    return element("li", {}, name, ` – ${FACTS.outcomes[outcome]}`);
  });
  return element("div", { class: "others" }, element("p", {}, words.others), element("ul", {}, ...items));
}

document.querySelector("main").addEventListener("click", (event) => {
  const link = event.target.closest("a.else");
  if (!link || !held.size) return;
  event.preventDefault();
  const part = link.closest(".said");
  const shown = part.querySelector(".others");
  if (shown) shown.remove();
  else part.append(others(link));
  link.setAttribute("aria-expanded", String(!shown));
});

form.addEventListener("change", arrange);
form.addEventListener("reset", () => setTimeout(arrange));
form.addEventListener("submit", (event) => event.preventDefault());

/** The list can be filtered once there is something to filter by; a small screen keeps its place for the list. */
export function offer() {
  if (!form.hidden) return;
  form.hidden = false;
  form.querySelector("details").open = matchMedia("(min-width: 46rem)").matches;
}

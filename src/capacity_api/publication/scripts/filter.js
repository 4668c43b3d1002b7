// "For whom?": matching in the page itself. What is chosen is in no address, no storage and no request.

import { FACTS } from "./facts.js";
import { entries, held, place, slugOf, stateOf } from "./list.js";
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
  for (const entry of entries()) entry.hidden = false;
  form.querySelector("[type=reset]").hidden = !asks && !accepting;
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
  for (const entry of entries()) {
    const { outcome, reasons } = decide(current(slugOf(entry), stateOf(entry)), asked);
    const excepted = reasons.some((code) => code.startsWith("exception_"));
    if (accepting && (outcome === "no" || (stateOf(entry) !== "open" && !excepted))) {
      entry.hidden = true;
      continue;
    }
    const sentences = reasons.map((code) => FACTS.sentences[code]).join(" ");
    entry.querySelector(".head").after(element("p", { class: "why" }, sentences));
    groups[outcome].push(entry);
  }
  const shown = OUTCOMES.filter((outcome) => groups[outcome].length);
  // Those that are left out stay in the list, which is hidden as a whole.
  place();
  matches.replaceChildren(...shown.map((outcome) => section(outcome, groups[outcome].sort(byName))));
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

function byName(one, other) {
  const [name, otherName] = [one, other].map((entry) => held.get(slugOf(entry)).name.toLowerCase());
  if (name === otherName) return slugOf(one) < slugOf(other) ? -1 : 1;
  return name < otherName ? -1 : 1;
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
  const found = entries()
    .filter((entry) => slugOf(entry) !== slug)
    .map((entry) => ({ entry, ...decide(current(slugOf(entry), stateOf(entry)), asked) }))
    .filter(({ outcome }) => outcome !== "no")
    .sort((one, other) => OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome) || byName(one.entry, other.entry));
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

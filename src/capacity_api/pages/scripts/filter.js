// "For whom?": matching in the page itself. What is chosen is in no address, no storage and no request.

import { FACTS } from "./facts.js";
import { count, entryOf, fill, held, place, slugOf, stateOf } from "./list.js";
import { OUTCOMES, about, decide, within } from "./matching.js";
import { balanced, element, say, words } from "./words.js";

const form = document.querySelector("form.ask");
const matches = document.getElementById("matches");
const list = () => document.getElementById("list");
// Whom "only who can take new people" leaves out.
const LEFT = "left";

/** Show the entries as the form asks for them. */
export function arrange() {
  const question = {
    ...Object.fromEntries(["area", "exploitation_type", "age_group", "gender"].map((name) => [name, form[name].value])),
    circumstances: [...form.querySelectorAll("[name=circumstances]:checked")].map((tick) => tick.value),
  };
  const accepting = form.accepting.checked;
  const asks = Object.values(question).some((value) => value.length);
  const focused = document.activeElement;
  form.querySelector("[type=reset]").hidden = !asks && !accepting;
  count();
  if (asks) {
    match(about(question), accepting);
  } else {
    for (const why of document.querySelectorAll(".why")) why.remove();
    place();
    for (const group of list().children) group.hidden ||= accepting && group.id !== "open";
    const { length } = document.querySelectorAll("#open .entry");
    form.found.value = accepting ? say(words.found, { outcome: FACTS.states.open[0], count: length }) : "";
  }
  list().hidden = asks;
  matches.hidden = !asks;
  // An entry that was moved has lost it.
  if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

function match(asked, accepting) {
  const groups = Object.fromEntries([...OUTCOMES, LEFT].map((outcome) => [outcome, []]));
  for (const [entry, responder] of known()) {
    const { outcome, reasons } = decide(responder, asked);
    const excepted = reasons.some((code) => code.startsWith("exception_"));
    const isLeft = accepting && (outcome === "no" || (responder.intake.state !== "open" && !excepted));
    groups[isLeft ? LEFT : outcome].push(entry);
    explain(entry, reasons.map((code) => FACTS.sentences[code]).join(" "));
  }
  fill(new Map(Object.entries(groups).map(([outcome, found]) => [section(outcome).querySelector("ul"), found])));
  for (const [outcome, { length }] of Object.entries(groups)) {
    section(outcome).hidden = outcome === LEFT || !length;
    section(outcome).querySelector("h2").textContent = `${FACTS.outcomes[outcome]} (${length})`;
  }
  const found = OUTCOMES.filter((outcome) => groups[outcome].length);
  // A list of nobody, or of those who cannot, would leave it to the reader what to do now.
  form.found.value = found.some((outcome) => outcome !== "no")
    ? found.map((outcome) => say(words.found, { outcome: FACTS.outcomes[outcome], count: groups[outcome].length })).join(" · ")
    : words.nobody;
}

/** The entries with their responders, each in the state that it is shown in here, which may have lapsed meanwhile. */
function known() {
  return [...held.values()].flatMap((responder) => {
    const entry = entryOf(responder.slug);
    if (!entry) return [];
    const state = stateOf(entry);
    const isAsHeld = state === responder.intake.state;
    return [[entry, isAsHeld ? responder : { ...responder, intake: { ...responder.intake, state } }]];
  });
}

function explain(entry, sentences) {
  const why = entry.querySelector(".why");
  if (!why) entry.querySelector(".head").after(element("p", { class: "why" }, sentences));
  else if (why.textContent !== sentences) why.textContent = sentences;
}

function section(outcome) {
  const id = `m-${outcome}`;
  const made = document.getElementById(id)?.parentElement;
  if (made) return made;
  const heading = element("h2", { id });
  const entries = element("ul", { class: "entries", role: "list" });
  matches.append(element("section", { class: "group", "aria-labelledby": id }, heading, entries));
  return matches.lastElementChild;
}

/** Whoever may take people of the same remit, best first, below the link that asked for it. */
function others(link) {
  const slug = slugOf(link.closest(".entry"));
  const asked = within(held.get(slug).remit);
  const found = known()
    .filter(([, responder]) => responder.slug !== slug)
    .map(([entry, responder]) => ({ entry, name: responder.name, ...decide(responder, asked) }))
    .filter(({ outcome }) => outcome !== "no")
    .sort((one, other) => OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome));
  if (!found.length) return element("div", { class: "others" }, element("p", {}, words.nobody_else));
  const items = found.map(({ entry, name, outcome }) => {
    const link = element("a", { href: `#${entry.id}` }, element("bdi", {}, balanced(name)));
    return element("li", {}, link, ` – ${FACTS.outcomes[outcome]}`);
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

// While the list is for somebody, or for some states, the others cannot be gone to.
document.getElementById("now").addEventListener("click", (event) => {
  if (!event.target.closest("a") || form.querySelector("[type=reset]").hidden) return;
  form.reset();
  arrange();
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

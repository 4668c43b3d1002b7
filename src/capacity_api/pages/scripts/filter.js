// "For whom?": matching within the page. What the reader chooses is in no address, no storage and no request.

import { byId, closest, createElement, find, findAll } from "./dom.js";
import { FACTS, WORDS } from "./facts.js";
import { entryOf, groupByState, moveInto, showCounts, slugOf, stateOf } from "./list.js";
import { OUTCOMES, alternatives, decide, isAccepting, saysNothing, situationOf } from "./matching.js";
import { directory } from "./responders.js";
import { balanced, say } from "./words.js";

/** @import { Outcome, Question, Responder, Situation } from "./types.js" */

const words = WORDS.directory;
const form = /** @type {HTMLFormElement} */ (find("form.ask"));
const resetButton = find("[type=reset]", form);
const list = byId("list");
const matches = byId("matches");

/** Show the entries as the form asks for them. */
export function arrange() {
  const situation = situationOf(readQuestion());
  const isAsking = !saysNothing(situation);
  const acceptingOnly = form.accepting.checked;
  const focused = document.activeElement;
  resetButton.hidden = !isAsking && !acceptingOnly;
  showCounts();
  if (isAsking) showMatches(situation, acceptingOnly);
  else showList(acceptingOnly);
  list.hidden = isAsking;
  matches.hidden = !isAsking;
  // An entry that moves loses the focus.
  if (focused instanceof HTMLElement && focused.isConnected && focused !== document.activeElement) {
    focused.focus({ preventScroll: true });
  }
}

/**
 * What is not ticked was not said: no form asks yet whether none of it applies.
 * @returns {Question}
 */
function readQuestion() {
  const boxes = /** @type {HTMLInputElement[]} */ (findAll("[name=circumstances]:checked", form));
  return {
    area: form.area.value,
    exploitation_type: form.exploitation_type.value,
    age_group: form.age_group.value,
    gender: form.gender.value,
    circumstances: boxes.map((box) => box.value),
  };
}

/** @param {boolean} acceptingOnly */
function showList(acceptingOnly) {
  for (const explanation of findAll(".why")) explanation.remove();
  groupByState();
  for (const group of findAll(":scope > *", list)) group.hidden ||= acceptingOnly && group.id !== "open";
  const count = findAll("#open .entry").length;
  form.found.value = acceptingOnly ? say(words.found, { outcome: FACTS.labels.open, count }) : "";
}

/**
 * @param {Situation} situation
 * @param {boolean} acceptingOnly
 */
function showMatches(situation, acceptingOnly) {
  /** @type {Record<Outcome, HTMLElement[]>} */
  const groups = { yes: [], waiting_list: [], ask: [], no: [] };
  /** @type {HTMLElement[]} */
  const leftOut = [];
  for (const [entry, responder] of entriesWithResponders()) {
    const decision = decide(responder, situation);
    const isLeftOut = acceptingOnly && !isAccepting(responder.intake, decision);
    (isLeftOut ? leftOut : groups[decision.outcome]).push(entry);
    explain(entry, decision.reasons.map((code) => FACTS.reason_sentences[code]).join(" "));
  }
  const lists = new Map(OUTCOMES.map((outcome) => [find("ul", section(outcome)), groups[outcome]]));
  moveInto(lists.set(find("ul", section("left-out")), leftOut));
  for (const outcome of OUTCOMES) {
    const { length } = groups[outcome];
    section(outcome).hidden = !length;
    find("h2", section(outcome)).textContent = `${FACTS.outcomes[outcome]} (${length})`;
  }
  section("left-out").hidden = true;
  form.found.value = summary(groups);
}

/** @param {Record<Outcome, unknown[]>} groups */
function summary(groups) {
  const outcomes = OUTCOMES.filter((outcome) => groups[outcome].length);
  // An empty list, or one of responders that cannot help, does not tell the reader what to do now.
  if (outcomes.every((outcome) => outcome === "no")) return words.nobody;
  const parts = outcomes.map((outcome) =>
    say(words.found, { outcome: FACTS.outcomes[outcome], count: groups[outcome].length }),
  );
  return parts.join(" · ");
}

/**
 * The entries with their responders. A responder that has lapsed on the page counts as the page shows it.
 * @returns {[HTMLElement, Responder][]}
 */
function entriesWithResponders() {
  /** @type {[HTMLElement, Responder][]} */
  const pairs = [];
  for (const responder of directory.responders.values()) {
    const entry = entryOf(responder.slug);
    if (!entry) continue;
    const state = stateOf(entry);
    const isUpToDate = state === responder.intake.state;
    pairs.push([entry, isUpToDate ? responder : { ...responder, intake: { ...responder.intake, state } }]);
  }
  return pairs;
}

/**
 * @param {HTMLElement} entry
 * @param {string} sentences
 */
function explain(entry, sentences) {
  const explanation = entry.querySelector(".why");
  if (!explanation) find(".head", entry).after(createElement("p", { class: "why" }, sentences));
  else if (explanation.textContent !== sentences) explanation.textContent = sentences;
}

/** The part of the page for an outcome, which is added when it is first needed. @param {Outcome | "left-out"} outcome */
function section(outcome) {
  const id = `m-${outcome}`;
  const existing = document.getElementById(id)?.parentElement;
  if (existing) return existing;
  const heading = createElement("h2", { id });
  const entries = createElement("ul", { class: "entries", role: "list" });
  const added = createElement("section", { class: "group", "aria-labelledby": id }, heading, entries);
  matches.append(added);
  return added;
}

/**
 * Who else may take the person of the question, or people of this responder's remit, best first.
 * @param {Responder} own
 */
function listAlternatives(own) {
  const question = readQuestion();
  const isAsking = !saysNothing(situationOf(question));
  const responders = entriesWithResponders().map(([, responder]) => responder);
  const items = alternatives(own, responders, question).map(({ responder, outcome }) => {
    const name = createElement("bdi", {}, balanced(responder.name));
    const link = createElement("a", { href: `#${entryOf(responder.slug)?.id}` }, name);
    return createElement("li", {}, link, ` – ${FACTS.outcomes[outcome]}`);
  });
  if (!items.length) {
    const nobody = isAsking ? words.nobody_else_for_person : words.nobody_else;
    return createElement("div", { class: "others" }, createElement("p", {}, nobody));
  }
  return createElement(
    "div",
    { class: "others" },
    createElement("p", {}, isAsking ? words.others_for_person : words.others),
    createElement("ul", {}, ...items),
  );
}

/** Close every list of alternatives: those that are open answer the question before. */
function closeAlternatives() {
  for (const list of findAll(".others")) list.remove();
  for (const link of findAll("a.else[aria-expanded=true]")) link.setAttribute("aria-expanded", "false");
}

/** Show the entries for another question. */
function askAnew() {
  closeAlternatives();
  arrange();
}

find("main").addEventListener("click", (event) => {
  const link = closest(event, "a.else");
  const entry = link?.closest(".entry");
  const own = entry && directory.responders.get(slugOf(entry));
  if (!link || !own) return;
  event.preventDefault();
  const part = link.closest(".said");
  const current = part?.querySelector(".others");
  if (current) current.remove();
  else part?.append(listAlternatives(own));
  link.setAttribute("aria-expanded", String(!current));
});

// The summary links to the groups of the list, which a filter hides. Remove the filter, so that they can be followed.
byId("now").addEventListener("click", (event) => {
  if (!closest(event, "a") || resetButton.hidden) return;
  form.reset();
  arrange();
});

form.addEventListener("change", askAnew);
form.addEventListener("reset", () => setTimeout(askAnew));
form.addEventListener("submit", (event) => event.preventDefault());

/** Show the form, once there is a directory to filter. It starts folded on a small screen, to leave room for the list. */
export function showForm() {
  if (!form.hidden) return;
  form.hidden = false;
  /** @type {HTMLDetailsElement} */ (find("details", form)).open = matchMedia("(min-width: 46rem)").matches;
}

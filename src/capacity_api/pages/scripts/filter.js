// The answer to the question: matching within the page. What the reader chooses is in no address, no storage and no
// request.

import { byId, closest, createElement, find, findAll } from "./dom.js";
import { FACTS, WORDS } from "./facts.js";
import { entryOf, groupByState, moveInto, showCounts, slugOf, stateOf } from "./list.js";
import { OUTCOMES, alternatives, decide, isAccepting, saysNothing, situationOf } from "./matching.js";
import { clearForm, form, isAcceptingOnly, offerClients, readQuestion } from "./question.js";
import { directory } from "./responders.js";
import { balanced, joinLabels, say, sayCount } from "./words.js";

/** @import { Decision, Outcome, Responder } from "./types.js" */

const HELPFUL = OUTCOMES.filter((outcome) => outcome !== "no");
const NOT_GIVEN = "exception_not_given_";
const words = WORDS.directory;
const questionWords = WORDS.question;
const clearButton = find("button.clear", form);
const list = byId("list");
const matches = byId("matches");
const leftOut = byId("left-out");
const jump = find(".jump");
const found = /** @type {HTMLOutputElement} */ (find("output", matches));

/** Whether the reader looks at the whole list, with a question asked. */
let isListWanted = false;
let areMatchesInSight = false;

/**
 * An entry with what is decided about it.
 * @typedef {{ entry: HTMLElement, responder: Responder, decision: Decision }} Match
 */

/** Show the entries as the form asks for them. */
export function arrange() {
  // A page that came with an answer lacks the entries that are not in it, until the directory is read.
  if (!directory.responders.size && !matches.hidden) return;
  const isAsked = isAsking();
  const isAnswered = isAsked && !isListWanted;
  const focused = document.activeElement;
  const groups = groupByOutcome();
  showCounts();
  if (isAnswered) showMatches(groups);
  else showList();
  clearButton.hidden = !isAsked;
  byId("under-18").hidden = readQuestion().age_group !== "child";
  list.hidden = isAnswered;
  matches.hidden = !isAnswered;
  found.value = isAnswered ? [summary(groups, OUTCOMES), ...leftOutInWords()].join(" · ") : "";
  if (isAsked) find("a", jump).textContent = summary(groups, HELPFUL);
  showJump();
  // An entry that moves loses the focus.
  if (focused instanceof HTMLElement && focused.isConnected && focused !== document.activeElement) {
    focused.focus({ preventScroll: true });
  }
}

/** Whether anything was asked, of a directory that was read. */
function isAsking() {
  return directory.responders.size > 0 && (isAcceptingOnly() || !saysNothing(situationOf(readQuestion())));
}

/** The entries by outcome, without those that the reader wants left out. */
function groupByOutcome() {
  const situation = situationOf(readQuestion());
  const acceptingOnly = isAcceptingOnly();
  /** @type {Record<Outcome, Match[]>} */
  const groups = { yes: [], waiting_list: [], ask: [], no: [] };
  for (const [entry, responder] of entriesWithResponders()) {
    const decision = decide(responder, situation);
    if (acceptingOnly && !isAccepting(responder.intake, decision)) continue;
    groups[decision.outcome].push({ entry, responder, decision });
  }
  return groups;
}

/** How many are left out that may be open: nobody confirmed them. Nothing for none. */
function leftOutInWords() {
  if (!isAcceptingOnly()) return [];
  const situation = situationOf(readQuestion());
  const count = entriesWithResponders().filter(
    ([, responder]) => responder.intake.state === "unconfirmed" && decide(responder, situation).outcome === "ask",
  ).length;
  return count ? [sayCount(questionWords.left_out, count, { count })] : [];
}

/**
 * What is shown of each outcome, best first.
 * @returns {[Outcome, Match[]][]}
 */
export function shownMatches() {
  const groups = groupByOutcome();
  return OUTCOMES.filter((outcome) => groups[outcome].length).map((outcome) => [outcome, groups[outcome]]);
}

function showList() {
  for (const explanation of findAll(".why")) explanation.remove();
  groupByState();
}

/** @param {Record<Outcome, Match[]>} groups */
function showMatches(groups) {
  // What the page came with is of another moment.
  matches.querySelector(".record details")?.remove();
  const lists = new Map(HELPFUL.map((outcome) => [entriesOf(outcome), groups[outcome].map(({ entry }) => entry)]));
  const others = new Set(entriesWithResponders().map(([entry]) => entry));
  for (const outcome of HELPFUL) {
    for (const { entry, decision } of groups[outcome]) {
      others.delete(entry);
      explain(entry, reasonsInWords(decision.reasons));
    }
  }
  moveInto(lists.set(leftOut, [...others]));
  const shown = HELPFUL.flatMap((outcome) => groups[outcome]);
  const hasNumber = shown.some(({ entry }) => entry.querySelector("a.phone"));
  find(".helpline", matches).hidden = hasNumber;
  byId("some-without-number").hidden = !hasNumber;
  for (const outcome of OUTCOMES) {
    const part = partOf(outcome);
    part.hidden = !groups[outcome].length;
    find("[data-found]", part).textContent = String(groups[outcome].length);
  }
  // A charity that cannot help: its name, and why.
  const refusals = groups.no.map(({ responder, decision }) => {
    const [before, after] = questionWords.refusal.split("{name}");
    const why = { why: reasonsInWords(decision.reasons) };
    return createElement("li", {}, say(before, why), nameOf(responder), say(after, why));
  });
  find("ul", partOf("no")).replaceChildren(...refusals);
}

/** @param {Outcome} outcome */
function partOf(outcome) {
  return /** @type {HTMLElement} */ (byId(`m-${outcome}`).closest("section, details"));
}

/** @param {Outcome} outcome */
function entriesOf(outcome) {
  return find(".entries", partOf(outcome));
}

/** @param {Responder} responder */
function nameOf({ name }) {
  return createElement("bdi", {}, balanced(name));
}

/**
 * @param {Record<Outcome, unknown[]>} groups
 * @param {Outcome[]} outcomes those to count
 */
function summary(groups, outcomes) {
  // An empty list, or one of responders that cannot help, does not tell the reader what to do now.
  if (!HELPFUL.some((outcome) => groups[outcome].length)) return questionWords.nobody;
  const counted = outcomes
    .filter((outcome) => groups[outcome].length)
    .map((outcome) => {
      const count = groups[outcome].length;
      return sayCount(questionWords[`found_${outcome}`], count, { count });
    });
  return counted.join(" · ");
}

/**
 * The sentences of the reasons. Several exceptions that may apply are one sentence. As in pages/matches.py.
 * @param {string[]} codes
 */
export function reasonsInWords(codes) {
  const unsaid = codes.filter((code) => code.startsWith(NOT_GIVEN));
  if (unsaid.length < 2) return codes.map((code) => FACTS.reason_sentences[code]).join(" ");
  const said = codes.filter((code) => !unsaid.includes(code)).map((code) => FACTS.reason_sentences[code]);
  const circumstances = unsaid.map((code) => code.slice(NOT_GIVEN.length));
  return [...said, say(questionWords.may_help, { people: joinLabels(circumstances, FACTS.circumstances) })].join(" ");
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

/**
 * Who else may take the person of the question, or people of this responder's remit, best first.
 * @param {Responder} own
 */
function listAlternatives(own) {
  const question = readQuestion();
  const isAboutPerson = !saysNothing(situationOf(question));
  const responders = entriesWithResponders().map(([, responder]) => responder);
  const others = alternatives(own, responders, question).filter(
    ({ responder, outcome }) => !isAcceptingOnly() || isAccepting(responder.intake, { outcome }),
  );
  const items = others.map(({ responder, outcome }) => {
    const link = createElement("a", { href: `#${entryOf(responder.slug)?.id}` }, nameOf(responder));
    const item = createElement("li", {}, link, ` – ${FACTS.outcomes[outcome]}`);
    // As the entry says it: place and kind decide whether it is worth a call.
    const remit = entryOf(responder.slug)?.querySelector(".remit");
    if (remit) item.append(" ", createElement("span", { class: "small soft" }, remit.textContent ?? ""));
    return item;
  });
  if (!items.length) {
    const nobody = isAboutPerson ? words.nobody_else_in_situation : words.nobody_else;
    return createElement("div", { class: "others" }, createElement("p", {}, nobody));
  }
  return createElement(
    "div",
    { class: "others" },
    createElement("p", {}, isAboutPerson ? words.others_in_situation : words.others),
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
  isListWanted = false;
  closeAlternatives();
  arrange();
}

function showJump() {
  jump.hidden = !isAsking() || (!matches.hidden && areMatchesInSight);
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

// The summary links to the groups of the list, which an answer takes the place of. The question stays as it is.
byId("now").addEventListener("click", (event) => {
  if (!closest(event, "a") || !isAsking()) return;
  isListWanted = true;
  arrange();
});
jump.addEventListener("click", () => {
  isListWanted = false;
  arrange();
});
new IntersectionObserver(
  (seen) => {
    areMatchesInSight = seen.some(({ isIntersecting }) => isIntersecting);
    showJump();
  },
  // A line or two of it is not enough.
  { rootMargin: "-15% 0px" },
).observe(matches);

form.addEventListener("change", askAnew);
clearButton.addEventListener("click", () => {
  clearForm();
  askAnew();
  form.area.focus();
});
form.addEventListener("submit", (event) => {
  // Until the directory is here, the browser asks the server.
  if (!directory.responders.size) return;
  event.preventDefault();
  if (isAsking()) matches.focus();
  else form.area.focus();
});

/** Answer in the page from now on: there is a directory to choose from. */
export function showForm() {
  offerClients([...directory.responders.values()]);
  if (form.dataset.live) return;
  form.dataset.live = "yes";
  form.hidden = false;
  // The page may have come with answers.
  if (isAsking()) arrange();
}

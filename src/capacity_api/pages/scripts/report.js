// A report in the words of the list, as templates/entry.html has them, to be read before it is published.

import { createElement } from "./dom.js";
import { FACTS, WORDS } from "./facts.js";
import { balanced, day, joinWords, moment, say, sayCount, wallTime } from "./words.js";

/** @import { ExpectedResponse, Intake, Paragraph, Plan, Report } from "./types.js" */

const words = WORDS.update;

/** @param {string[]} circumstances */
export function people(circumstances) {
  const labels = circumstances.map((code) => FACTS.circumstances[code]);
  return joinWords(
    labels.map(([label]) => label),
    labels.some(([, isCompound]) => isCompound),
  );
}

/** @param {ExpectedResponse} response */
export function period({ min, max, unit }) {
  if (min === max) return sayCount(FACTS.periods[unit], max, { max });
  return sayCount((min ? FACTS.period_ranges : FACTS.periods_up_to)[unit], max, { min, max });
}

/**
 * A moment that ends something. Midnight in the UK is the end of the day before.
 * @param {number} at
 */
export function until(at) {
  return wallTime(at).endsWith("T00:00") ? say(words.end_of, { day: day(at - 1000) }) : moment(at);
}

/**
 * The moment when UK clocks show `wall`, "2026-12-03T09:00".
 * In autumn an hour comes twice: the first is meant. In spring an hour is left out: the hour after it is meant.
 * @param {string} wall
 */
export function ukTime(wall) {
  const inWinter = Date.parse(`${wall}Z`);
  const inSummer = inWinter - 3_600_000;
  return wallTime(inSummer) === wall ? inSummer : inWinter;
}

/** @param {string} date "2026-12-03" */
function onDay(date) {
  return day(Date.parse(`${date}T12:00:00Z`));
}

/**
 * What a report says beside its state.
 * @param {Report} report
 * @returns {Paragraph[]}
 */
export function reportParagraphs(report) {
  /** @type {Paragraph[]} */
  const paragraphs = [];
  const reopens = report.reopens_on && onDay(report.reopens_on);
  if (report.state === "paused") {
    const exceptions = people(report.exceptions);
    paragraphs.push({
      strong: exceptions ? say(words.still_takes, { people: exceptions }) : words.no_exceptions,
      text: reopens ? say(words.until_by_own_account, { day: reopens }) : words.not_until,
    });
  } else if (reopens) {
    paragraphs.push({ text: say(words.expects_until, { day: reopens }) });
  }
  if (report.reason) paragraphs.push({ text: say(words.reason, { reason: FACTS.reasons[report.reason] }) });
  if (report.note) paragraphs.push({ kind: "note", text: balanced(report.note) });
  const expected = report.expected_response;
  const response = expected ? say(words.expected, { period: period(expected) }) : words.no_timeframe;
  paragraphs.push({ kind: "response", text: say(words.response, { response }) });
  return paragraphs;
}

/**
 * What the public reads of a planned change.
 * @param {Plan} plan
 * @returns {Paragraph[]}
 */
export function planParagraphs({ state, effective_from: from, reopens_on: reopens, exceptions, note }) {
  const values = { state: FACTS.states[state], time: moment(Date.parse(from)) };
  const exceptionWords = people(exceptions);
  /** @type {Paragraph[]} */
  const paragraphs = [
    {
      strong: reopens ? say(words.planned_until, { ...values, day: onDay(reopens) }) : say(words.planned, values),
      text: exceptionWords ? say(words.will_still_take, { people: exceptionWords }) : "",
    },
  ];
  if (note) paragraphs.push({ kind: "note", text: balanced(note) });
  return paragraphs;
}

/**
 * Until when the state holds. Empty for a report that is not published yet: the server sets its end.
 * @param {Intake} intake
 */
export function holdsUntil({ state, reported_state: reported, confirm_by: by }) {
  if (reported === undefined) return "";
  const time = by ? until(Date.parse(by)) : "";
  if (state !== "unconfirmed") return say(words.holds, { time });
  return reported ? say(words.lapsed, { state: FACTS.states[reported], time }) : words.never_reported;
}

/** @param {Paragraph} paragraph */
function paragraphElement({ kind, strong, text }) {
  /** @type {Record<string, string>} */
  const attributes = kind === "note" ? { class: "note text", dir: "auto" } : kind ? { class: kind } : {};
  if (!strong) return createElement("p", attributes, text);
  return createElement("p", attributes, createElement("strong", {}, strong), text && ` ${text}`);
}

/**
 * What the public reads of an intake: the state, what was said with it, and what is planned.
 * @param {Intake} intake
 */
export function intakeElement(intake) {
  const head = createElement("div", { class: "head" });
  head.append(createElement("p", { class: "state" }, FACTS.labels[intake.state]));
  const holds = holdsUntil(intake);
  if (holds) head.append(createElement("p", { class: "small soft" }, holds));
  const element = createElement("div", { class: `shown ${intake.state}` }, head);
  if (intake.state !== "unconfirmed") element.append(...reportParagraphs(intake).map(paragraphElement));
  if (intake.planned) {
    element.append(
      createElement("div", { class: "plan shown" }, ...planParagraphs(intake.planned).map(paragraphElement)),
    );
  }
  return element;
}

// A report in the words of the list, as templates/entry.html has them, to be read before it is published.

import { createElement } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { FACTS } from "./facts.js";
import { limitInWords } from "./limit.js";
import { balanced, day, joinLabels, moment, say, sayCount, wallTime } from "./words.js";

/** @import { ExpectedTime, Intake, Paragraph, Plan, Remit, Report, Responder } from "./types.js" */

const words = WORDS.update;

/** @param {string[]} circumstances */
export function people(circumstances) {
  return joinLabels(circumstances, FACTS.circumstances);
}

/** @param {ExpectedTime} expected */
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

/**
 * The moment at which a day begins in the UK, some days later; empty without a day.
 * @param {string} day such as 2026-11-27
 * @param {number} later
 */
export function startOfDay(day, later) {
  if (!day) return "";
  const date = new Date(`${day}T00:00Z`);
  date.setUTCDate(date.getUTCDate() + later);
  return new Date(ukTime(date.toISOString().slice(0, "2026-11-27T00:00".length))).toISOString();
}

/** @param {string} date "2026-12-03" */
function onDay(date) {
  return day(Date.parse(`${date}T12:00:00Z`));
}

/**
 * What a report says beside its state.
 * @param {Report} report
 * @param {Remit} remit
 * @returns {Paragraph[]}
 */
export function reportParagraphs(report, remit) {
  /** @type {Paragraph[]} */
  const paragraphs = [];
  const reopens = report.reopens_on && onDay(report.reopens_on);
  if (report.limited_to) {
    paragraphs.push({ strong: say(words.limited, { limit: limitInWords(remit, report.limited_to) }), text: "" });
  }
  if (report.state === "paused") {
    const exceptions = people(report.exceptions);
    paragraphs.push({
      strong: exceptions ? say(words.still_takes, { people: exceptions }) : words.no_exceptions,
      text: reopens ? say(words.until_by_own_account, { day: reopens }) : words.not_until,
    });
  } else if (reopens) {
    paragraphs.push({ text: say(words.expects_until, { day: reopens }) });
  }
  if (report.reason) paragraphs.push({ text: reasonInWords(report.reason) });
  if (report.note) paragraphs.push({ kind: "note", text: balanced(report.note) });
  const response = responseInWords(report) || words.response_not_said;
  paragraphs.push({ kind: "response", text: say(words.response, { response }) });
  const referral = report.expected_referral && expectedInWords(report.expected_referral);
  if (referral) paragraphs.push({ kind: "response", text: say(words.referral, { referral }) });
  return paragraphs;
}

/** @param {string} reason */
function reasonInWords(reason) {
  return say(words.reason, { reason: FACTS.reasons[reason] });
}

/**
 * How long an answer takes; empty where the report does not say.
 * @param {Report} report
 */
function responseInWords({ expected_response: expected, no_timeframe: isUnknown }) {
  if (isUnknown) return words.no_timeframe;
  return expected ? expectedInWords(expected) : "";
}

/** @param {ExpectedTime} expected */
function expectedInWords(expected) {
  return say(words.expected, { period: period(expected) });
}

/**
 * What the public reads of a planned change.
 * @param {Plan} plan
 * @param {Remit} remit
 * @returns {Paragraph[]}
 */
export function planParagraphs({ effective_from: from, report }, remit) {
  const { exceptions, limited_to: limit, note, reason, reopens_on: reopens } = report;
  const values = { state: FACTS.states[report.state], time: moment(Date.parse(from)) };
  const sentences = [];
  if (limit) sentences.push(say(words.will_be_limited, { limit: limitInWords(remit, limit) }));
  if (exceptions.length) sentences.push(say(words.will_still_take, { people: people(exceptions) }));
  if (reason) sentences.push(reasonInWords(reason));
  const planned = reopens ? say(words.planned_until, { ...values, day: onDay(reopens) }) : say(words.planned, values);
  /** @type {Paragraph[]} */
  const paragraphs = [{ strong: planned, text: "" }];
  if (sentences.length) paragraphs.push({ text: [say(words.from, values), ...sentences].join(" ") });
  if (note) paragraphs.push({ kind: "note", text: balanced(note) });
  // A plan that does not say how long says nothing of it. What it says must not be read as what holds now.
  const response = responseInWords(report);
  if (response) paragraphs.push({ kind: "response", text: say(words.response_then, { response }) });
  const referral = report.expected_referral && expectedInWords(report.expected_referral);
  if (referral) paragraphs.push({ kind: "response", text: say(words.referral_then, { referral }) });
  return paragraphs;
}

/**
 * Whose word the state is, and until when it holds. Empty for a report that is not published yet: the server sets both.
 * @param {Intake} intake
 * @param {string} name of the responder
 */
export function holdsUntil(intake, name) {
  const { state, last_report: last, said_by: saidBy, confirmed_at: confirmed, confirm_by: by } = intake;
  if (by === undefined) return saidBy === "coordinator" ? words.as_told : "";
  if (!by) return words.never_reported;
  const at = Date.parse(by);
  if (state !== "unconfirmed") return holdsInWords(intake, name, until(at));
  const values = { state: last ? FACTS.states[last.state] : "", time: moment(at) };
  if (saidBy !== "responder" || !confirmed) return say(words.lapsed, values);
  return say(words.confirmed_and_lapsed, { ...values, confirmed: moment(Date.parse(confirmed)) });
}

/**
 * Only a responder confirms.
 * @param {Intake} intake
 * @param {string} name
 * @param {string} end
 */
function holdsInWords({ said_by: saidBy, since, confirmed_at: confirmed }, name, end) {
  const isCounted = saidBy === "threshold";
  const time = moment(Date.parse((isCounted ? since : confirmed) ?? ""));
  if (isCounted) return say(words.holds_at_limit, { time, until: end });
  if (saidBy === "coordinator") return say(words.holds_as_told, { time, until: end });
  return say(words.holds, { name: balanced(name), time, until: end });
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
 * @param {Pick<Responder, "name" | "remit">} responder
 */
export function intakeElement(intake, { name, remit }) {
  const head = createElement("div", { class: "head" });
  head.append(createElement("p", { class: "state" }, FACTS.labels[intake.state]));
  const holds = holdsUntil(intake, name);
  if (holds) head.append(createElement("p", { class: "small soft" }, holds));
  const element = createElement("div", { class: `shown ${intake.state}` }, head);
  if (intake.report) element.append(...reportParagraphs(intake.report, remit).map(paragraphElement));
  if (intake.planned) {
    element.append(
      createElement("div", { class: "plan shown" }, ...planParagraphs(intake.planned, remit).map(paragraphElement)),
    );
  }
  return element;
}

// A report in the words in which the list shows it: what templates/entry.html makes of it, for a look before it is sent.

import { FACTS } from "./facts.js";
import { balanced, day, element, moment, say, words } from "./words.js";

function listed(items) {
  if (items.length < 2) return items.join("");
  const parted = items.some((item) => item.includes(" and ") || item.includes(" or "));
  const most = items.slice(0, -1).join(words.comma);
  return say(parted ? words.and_after_comma : words.and, { words: most, last: items.at(-1) });
}

function period({ min, max, unit }) {
  const [one, many] = FACTS.units[unit];
  if (min === max) return `${max} ${max === 1 ? one : many}`;
  return say(min ? words.from_to : words.up_to, { min, max, unit: max === 1 ? one : many });
}

/** A moment that ends something: midnight in the UK is the end of the day before. */
export function until(at) {
  return moment(at).endsWith(" 00:00") ? say(words.end_of, { day: day(at - 1000) }) : moment(at);
}

function onDay(date) {
  return day(Date.parse(`${date}T12:00:00Z`));
}

function* lines({ state, exceptions, reopens_on: reopens, reason, note, expected_response: expected }) {
  if (state === "paused") {
    const people = listed(exceptions.map((each) => FACTS.circumstances[each]));
    const taken = element("strong", {}, people ? say(words.still_takes, { people }) : words.no_exceptions);
    yield element("p", {}, taken, " ", reopens ? say(words.until_by_own_account, { day: onDay(reopens) }) : words.not_until);
  } else if (reopens) {
    yield element("p", {}, say(words.expects_until, { day: onDay(reopens) }));
  }
  if (reason) yield element("p", {}, say(words.reason, { reason: FACTS.reasons[reason] }));
  if (note) yield element("p", { class: "note text", dir: "auto" }, balanced(note));
  const response = expected ? say(words.expected, { period: period(expected) }) : words.no_timeframe;
  yield element("p", { class: "response" }, say(words.response, { response }));
}

/** What the public reads of an intake: its state in words, and what was said with it. */
export function shown(intake) {
  const state = element("p", { class: "state" }, FACTS.states[intake.state][0]);
  const body = intake.state === "unconfirmed" ? [] : [...lines(intake)];
  return element("div", { class: `shown ${intake.state}` }, state, ...body);
}

// A report in the words in which the list shows it: what templates/entry.html makes of it, for a look before it is sent.

import { FACTS } from "./facts.js";
import { balanced, day, element, moment, say, wallTime, words } from "./words.js";

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
  return wallTime(at).endsWith("T00:00") ? say(words.end_of, { day: day(at - 1000) }) : moment(at);
}

/** When it is "2026-12-03T09:00" in the UK: the first of two such moments in autumn, an hour later where spring has none. */
export function ukTime(wall) {
  const inWinter = Date.parse(`${wall}Z`);
  const moments = [inWinter - 3_600_000, inWinter];
  return moments.find((at) => wallTime(at) === wall) ?? inWinter;
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

function* plan({ state, effective_from: from, reopens_on: reopens, exceptions, note }) {
  const values = { state: FACTS.states[state][1], time: moment(Date.parse(from)) };
  const said = reopens ? say(words.planned_until, { ...values, day: onDay(reopens) }) : say(words.planned, values);
  const people = listed(exceptions.map((each) => FACTS.circumstances[each]));
  yield element("p", {}, element("strong", {}, said), people ? ` ${say(words.will_still_take, { people })}` : "");
  if (note) yield element("p", { class: "note text", dir: "auto" }, balanced(note));
}

/** Until when what was said holds; of what is not published yet nobody knows. */
function holding({ state, reported_state: reported, confirm_by: by }) {
  if (reported === undefined) return "";
  const time = by && until(Date.parse(by));
  if (state !== "unconfirmed") return say(words.holds, { time });
  return reported ? say(words.lapsed, { state: FACTS.states[reported][1], time }) : words.never_reported;
}

/** What the public reads of an intake: its state in words, what was said with it, and what is planned. */
export function shown({ planned, ...intake }) {
  const state = element("p", { class: "state" }, FACTS.states[intake.state][0]);
  const holds = holding(intake);
  const head = element("div", { class: "head" }, state, ...(holds ? [element("p", { class: "small soft" }, holds)] : []));
  const block = element("div", { class: `shown ${intake.state}` }, head);
  if (intake.state !== "unconfirmed") block.append(...lines(intake));
  if (planned) block.append(element("div", { class: "plan shown" }, ...plan(planned)));
  return block;
}

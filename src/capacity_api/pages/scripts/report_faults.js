// What is wrong with a report, found before it is sent: all of it at once, in the order of the fields.

import { Refusal, serverNow } from "./calls.js";
import { find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { takesTheSame } from "./limit.js";
import { readExpectedTime, readReport } from "./report_form.js";
import { ukTime } from "./report.js";
import { wallTime } from "./words.js";

/** @import { FieldError, Remit } from "./types.js" */

const DAY = 86_400_000;
const MAX_PLAN_AHEAD = 366 * DAY;
const MAX_REOPENING_AHEAD = 731 * DAY;
const DATE_LENGTH = "2026-12-03".length;

/**
 * Refuse a report that the server would refuse, or that the browser cannot read, such as half a date: it would be sent
 * as if the field were empty.
 * @param {HTMLFormElement} form
 * @param {Remit} remit
 */
export function refuseFaults(form, remit) {
  const faults = [
    ...limitFaults(form, remit),
    ...dateFaults(form),
    ...timeFaults(form, "/expected_response"),
    ...timeFaults(form, "/expected_referral"),
  ];
  if (faults.length) throw new Refusal(WORDS.update.wrong, faults);
}

/**
 * Refuse what the browser cannot read in any form.
 * @param {HTMLFormElement} form
 */
export function refuseUnreadable(form) {
  const fields = /** @type {HTMLInputElement[]} */ (findAll("input, select, textarea", form));
  const faults = fields
    .filter(({ validity }) => !validity.valid)
    .map((field) => {
      const part = /** @type {HTMLElement | null} */ (field.closest("[data-pointer]"));
      return fault(`${part?.dataset.pointer}/${field.name}`, "unreadable");
    });
  if (faults.length) throw new Refusal(WORDS.calls.fields, faults);
}

/**
 * @param {string} pointer
 * @param {string} code of the words
 * @returns {FieldError}
 */
function fault(pointer, code) {
  return { pointer, code, detail: "" };
}

/**
 * @param {HTMLFormElement} form
 * @param {Remit} remit
 */
function limitFaults(form, remit) {
  const limit = readReport(form).limited_to;
  return limit && takesTheSame(remit, limit) ? [fault("/limited_to", "/limited_to")] : [];
}

/** @param {HTMLFormElement} form */
function dateFaults(form) {
  // An opening has neither day nor start.
  if (form.reopens_on.closest("[data-for]").hidden) return [];
  const codes = { "/reopens_on": dayFault(form.reopens_on), "/effective_from": startFault(form.effective_from) };
  const startsOn = form.effective_from.value.slice(0, DATE_LENGTH);
  if (!codes["/reopens_on"] && form.reopens_on.value && form.reopens_on.value < startsOn) {
    codes["/reopens_on"] = "before_start";
  }
  return Object.entries(codes).flatMap(([pointer, code]) => (code ? [fault(pointer, code)] : []));
}

/** @param {HTMLInputElement} field */
function dayFault({ validity, value }) {
  if (validity.badInput) return "unreadable";
  if (!value) return "";
  const today = wallTime(serverNow()).slice(0, DATE_LENGTH);
  if (value < today) return "before_today";
  return Date.parse(value) - Date.parse(today) > MAX_REOPENING_AHEAD ? "/reopens_on" : "";
}

/** @param {HTMLInputElement} field */
function startFault({ validity, value }) {
  if (validity.badInput) return "unreadable";
  if (!value) return "";
  const ahead = ukTime(value) - serverNow();
  if (ahead <= 0) return "in_the_past";
  return ahead > MAX_PLAN_AHEAD ? "too_far" : "";
}

/**
 * @param {HTMLFormElement} form
 * @param {"/expected_response" | "/expected_referral"} pointer
 */
function timeFaults(form, pointer) {
  if (form.no_timeframe.checked) return [];
  const part = find(`[data-pointer="${pointer}"]`, form);
  const [min, max] = /** @type {HTMLInputElement[]} */ (findAll("input", part));
  if (!min.validity.valid) return [fault(`${pointer}/min`, "not_whole")];
  if (!max.validity.valid) return [fault(`${pointer}/max`, "no_last")];
  const expected = readExpectedTime(form, pointer);
  if (!expected) return [];
  if (expected.max < 1) return [fault(`${pointer}/max`, "no_last")];
  return expected.max < expected.min ? [fault(`${pointer}/max`, "wrong_order")] : [];
}

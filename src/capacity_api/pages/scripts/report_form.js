// The form in which a report is entered: by a responder on its page, or by a coordinator who was told by telephone.

import { Question, serverNow } from "./calls.js";
import { byId, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { ASPECTS, limitingCodes } from "./limit.js";
import { personalIn } from "./note.js";
import { ukTime } from "./report.js";
import { joinWords, say, wallTime } from "./words.js";

/** @import { ExpectedTime, Intake, ReportRequest, Limit, Remit, Report } from "./types.js" */

const words = WORDS.update;
const TIMES = ["/expected_response", "/expected_referral"];
// The note that the user publishes although it seems to say something about a person.
let agreedNote = "";

/**
 * Show the fields that go with the state that was chosen; none before.
 * @param {HTMLFormElement} form
 */
export function showFields(form) {
  const { value } = form.state;
  byId("said").hidden = !value;
  for (const field of findAll("[data-for]", form)) field.hidden = !field.dataset.for?.split(" ").includes(value);
  // What was entered there stays, and counts again once it can be said.
  for (const pointer of TIMES) find(`[data-pointer="${pointer}"]`, form).hidden ||= form.no_timeframe.checked;
}

/**
 * Offer the limits that the remit allows, and the one that stands.
 * @param {HTMLFormElement} form
 * @param {Remit} remit
 * @param {Limit | null} [standing]
 */
export function offerLimits(form, remit, standing) {
  for (const aspect of ASPECTS) {
    const codes = [...limitingCodes(remit, aspect), ...(standing?.[aspect] ?? [])];
    for (const box of boxes(form, aspect)) {
      const isOffered = codes.includes(box.value);
      box.checked &&= isOffered;
      /** @type {HTMLElement} */ (box.closest("label")).hidden = !isOffered;
    }
    find(`[data-pointer="/limited_to/${aspect}"]`, form).hidden = !codes.some((code) => code !== "all");
  }
}

/**
 * Fill in the fields with a report, so that a change of one field changes nothing else. A day that is over is left out.
 * @param {HTMLFormElement} form
 * @param {Report | null | undefined} report
 */
export function fillReport(form, report) {
  fillExpectedTime(form, "/expected_response", report?.expected_response);
  fillExpectedTime(form, "/expected_referral", report?.expected_referral);
  form.no_timeframe.checked = report?.no_timeframe ?? false;
  for (const aspect of ASPECTS) tick(form, aspect, report?.limited_to?.[aspect] ?? []);
  tick(form, "exceptions", report?.exceptions ?? []);
  const day = report?.reopens_on ?? "";
  form.reopens_on.value = day < wallTime(serverNow()).slice(0, day.length) ? "" : day;
  form.reason.value = report?.reason ?? "";
  form.note.value = report?.note ?? "";
  form.effective_from.value = "";
  for (const fold of /** @type {HTMLDetailsElement[]} */ (findAll(".fold", form))) {
    fold.open = Boolean(fold.querySelector(":checked"));
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {string} pointer
 * @param {ExpectedTime | null | undefined} expected
 */
function fillExpectedTime(form, pointer, expected) {
  const part = find(`[data-pointer="${pointer}"]`, form);
  const values = { min: expected?.min || "", max: expected?.max ?? "", unit: expected?.unit ?? "days" };
  for (const [name, value] of Object.entries(values)) {
    /** @type {HTMLInputElement} */ (find(`[name=${name}]`, part)).value = String(value);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function boxes(form, name) {
  return /** @type {HTMLInputElement[]} */ (findAll(`[name=${name}]`, form));
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {string[]} codes
 */
function tick(form, name, codes) {
  for (const box of boxes(form, name)) box.checked = codes.includes(box.value);
}

/**
 * Say where the values of the form are from; empty for nowhere.
 * @param {string} text
 */
export function showFilledIn(text) {
  byId("filled-in").textContent = text;
  byId("filled-in").hidden = !text;
}

/**
 * The value of a field; empty if the field does not go with the state that was chosen.
 * @param {HTMLFormElement} form
 * @param {string} name
 * @returns {string}
 */
function valueOf(form, name) {
  return form[name].closest("[data-for]").dataset.for.includes(form.state.value) ? form[name].value : "";
}

/**
 * The values of the boxes of this name that are ticked.
 * @param {HTMLFormElement} form
 * @param {string} name
 * @returns {string[]}
 */
export function checked(form, name) {
  return boxes(form, name)
    .filter((box) => box.checked)
    .map((box) => box.value);
}

/**
 * @param {HTMLFormElement} form
 * @param {"/expected_response" | "/expected_referral"} pointer
 * @returns {ExpectedTime | null}
 */
export function readExpectedTime(form, pointer) {
  const part = find(`[data-pointer="${pointer}"]`, form);
  const fields = ["min", "max", "unit"].map((name) => /** @type {HTMLInputElement} */ (find(`[name=${name}]`, part)));
  const [min, max, unit] = fields.map(({ value }) => value);
  if (!min && !max) return null;
  return { min: Number(min || 0), max: Number(max || min), unit: /** @type {ExpectedTime["unit"]} */ (unit) };
}

/**
 * @param {HTMLFormElement} form
 * @returns {Limit | null}
 */
function readLimit(form) {
  const codes = ASPECTS.map((aspect) => [aspect, checked(form, aspect)]);
  if (codes.every(([, each]) => !each.length)) return null;
  return Object.fromEntries(codes.map(([aspect, each]) => [aspect, each.length ? each : ["all"]]));
}

/**
 * The report that the form holds.
 * @param {HTMLFormElement} form
 * @returns {ReportRequest}
 */
export function readReport(form) {
  const from = valueOf(form, "effective_from");
  const state = form.state.value;
  const isUnknown = form.no_timeframe.checked;
  return {
    state,
    expected_response: isUnknown ? null : readExpectedTime(form, "/expected_response"),
    expected_referral: isUnknown ? null : readExpectedTime(form, "/expected_referral"),
    no_timeframe: isUnknown,
    limited_to: state === "paused" ? null : readLimit(form),
    reason: valueOf(form, "reason") || null,
    exceptions: state === "paused" ? checked(form, "exceptions") : [],
    reopens_on: valueOf(form, "reopens_on") || null,
    note: valueOf(form, "note").trim() || null,
    effective_from: from ? new Date(ukTime(from)).toISOString() : null,
  };
}

/**
 * An intake once a report is published: a plan stays beside the state now, and the other way round.
 * @param {Intake} intake
 * @param {ReportRequest} report
 * @returns {Intake}
 */
export function intakeAfter(intake, { effective_from: from, ...report }) {
  if (from) return { ...intake, planned: { effective_from: from, report } };
  return { state: report.state, report, planned: intake.planned };
}

/**
 * Ask, once for each note, before one is published that seems to say something about a person.
 * @param {string | null | undefined} note
 * @param {string | undefined} name of the responder
 * @param {() => Promise<void>} step
 */
export function askAboutNote(note, name, step) {
  const found = note && note !== agreedNote ? personalIn(note, name) : [];
  if (!found.length) return;
  const what = joinWords(found.map((kind) => words[`note_${kind}`]));
  throw new Question(say(words.note_seems, { what }), words.publish_anyway, () => {
    agreedNote = note ?? "";
    return step();
  });
}

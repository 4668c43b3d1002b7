// The form in which a report is entered: by a responder on its page, or by a coordinator who was told by telephone.

import { Question, Refusal } from "./calls.js";
import { byId, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { ASPECTS, limitingCodes } from "./limit.js";
import { personalIn } from "./note.js";
import { ukTime } from "./report.js";
import { joinWords, say } from "./words.js";

/** @import { ExpectedTime, Intake, IntakeReport, Limit, Remit } from "./types.js" */

const words = WORDS.update;
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
}

/**
 * Offer the limits that the remit allows.
 * @param {HTMLFormElement} form
 * @param {Remit} remit
 */
export function offerLimits(form, remit) {
  for (const aspect of ASPECTS) {
    const codes = limitingCodes(remit, aspect);
    for (const box of /** @type {HTMLInputElement[]} */ (findAll(`[name=${aspect}]`, form))) {
      const isOffered = codes.includes(box.value);
      box.checked &&= isOffered;
      /** @type {HTMLElement} */ (box.closest("label")).hidden = !isOffered;
    }
    find(`[data-pointer="/limited_to/${aspect}"]`, form).hidden = !codes.length;
  }
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
  return /** @type {HTMLInputElement[]} */ (findAll(`[name=${name}]:checked`, form)).map((box) => box.value);
}

/**
 * @param {HTMLFormElement} form
 * @param {"/expected_response" | "/expected_referral"} pointer
 * @returns {ExpectedTime | null}
 */
function readExpectedTime(form, pointer) {
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
 * @returns {IntakeReport}
 */
export function readReport(form) {
  const from = valueOf(form, "effective_from");
  const state = form.state.value;
  return {
    state,
    expected_response: readExpectedTime(form, "/expected_response"),
    expected_referral: readExpectedTime(form, "/expected_referral"),
    no_timeframe: form.no_timeframe.checked,
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
 * @param {IntakeReport} report
 * @returns {Intake}
 */
export function intakeAfter(intake, { effective_from: from, ...report }) {
  if (from) return { ...intake, planned: { effective_from: from, report } };
  return { state: report.state, report, planned: intake.planned };
}

/**
 * Refuse what the browser cannot read, such as half a date. It would be sent as if the field were empty.
 * @param {HTMLFormElement} form
 */
export function refuseUnreadable(form) {
  const fields = /** @type {HTMLInputElement[]} */ (findAll("input, select, textarea", form));
  const unreadable = fields.filter((field) => !field.validity.valid && !field.closest("[data-for][hidden]"));
  if (!unreadable.length) return;
  const errors = unreadable.map((field) => {
    const part = /** @type {HTMLElement | null} */ (field.closest("[data-pointer]"));
    return { pointer: `${part?.dataset.pointer}/${field.name}`, detail: field.validationMessage };
  });
  throw new Refusal(words.unreadable, errors);
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

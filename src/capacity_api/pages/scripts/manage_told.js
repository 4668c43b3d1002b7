// A report that a responder gives by telephone: what the public will read, and one tap to publish it.

import { attemptsIn } from "./attempts.js";
import { Question, Refusal, call } from "./calls.js";
import { byId, find } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { FACTS } from "./facts.js";
import { intakeElement, until } from "./report.js";
import { refuseFaults } from "./report_faults.js";
import {
  askAboutNote,
  fillReport,
  intakeAfter,
  offerLimits,
  readReport,
  showFields,
  showFilledIn,
} from "./report_form.js";
import { balanced, moment, say } from "./words.js";

/** @import { Intake, ReportRequest, Responder, State } from "./types.js" */

const words = WORDS.manage_responders;
const form = /** @type {HTMLFormElement} */ (byId("told"));
const section = byId("responders");
const attempt = attemptsIn({
  fault: find(".fault", form),
  done: find(".done", section),
  form,
  async refused({ status }) {
    if (status === 401) byId("signing").hidden = false;
    if (status === 412 && responder) await fetchResponder(responder.slug).catch(() => {});
  },
});
/** @type {Responder | null} */
let responder = null;
let etag = "";
// Whether it says that its last report is still true, instead of something else.
let isStillTrue = false;
/** Called with what was published. @type {(slug: string, text: string) => Promise<void>} */
let finish = async () => {};
/** The button that opened the form. @type {HTMLElement | null} */
let opener = null;

/**
 * Show the form in a place of the page.
 * @param {object} options
 * @param {string} options.slug
 * @param {State | null} options.state null for "still true"
 * @param {HTMLElement} options.place
 * @param {HTMLElement} options.button
 * @param {(slug: string, text: string) => Promise<void>} options.published
 */
export async function takeReport({ slug, state, place, button, published }) {
  await fetchResponder(slug);
  if (!responder) return;
  form.reset();
  find(".fault", form).hidden = true;
  finish = published;
  opener = button;
  isStillTrue = !state;
  const { report, last_report: lapsed } = responder.intake;
  const last = report ?? lapsed;
  form.state.value = state ?? last?.state;
  const name = balanced(responder.name);
  byId("h-told").textContent = say(isStillTrue ? words.told_again : words.told, { name });
  const fields = /** @type {HTMLDetailsElement} */ (find(".fields", form));
  fields.open = false;
  fields.hidden = isStillTrue;
  offerLimits(form, responder.remit, last?.limited_to);
  fillReport(form, last);
  showFilledIn(last ? (report ? words.filled_in : words.filled_in_lapsed) : "");
  showPreview();
  place.replaceChildren(form);
  form.hidden = false;
  byId("h-told").focus();
}

/** Take the form away, before what it stands in is shown anew. */
export function hideTold() {
  form.hidden = true;
  section.append(form);
}

/** @param {string} slug */
async function fetchResponder(slug) {
  const answer = await call("GET", path(slug));
  responder = answer.content;
  etag = answer.etag;
  if (!form.hidden) showPreview();
}

/**
 * @param {string} slug
 * @param {string} below
 */
function path(slug, below = "") {
  return `/v1/responders/${encodeURIComponent(slug)}${below}`;
}

function showPreview() {
  if (!responder) return;
  showFields(form);
  const { intake } = responder;
  byId("preview").replaceChildren(intakeElement(isStillTrue ? confirmed(intake) : reported(intake), responder));
}

/**
 * What stands once the last report is confirmed.
 * @param {Intake} intake
 * @returns {Intake}
 */
function confirmed({ report, last_report: last, planned }) {
  const again = report ?? last;
  return { state: again?.state ?? "unconfirmed", report: again, planned, said_by: "coordinator" };
}

/**
 * What stands once the form is published. A plan changes nothing of what holds now, nor whose word that is.
 * @param {Intake} intake
 * @returns {Intake}
 */
function reported(intake) {
  const report = readReport(form);
  const after = intakeAfter(intake, report);
  return report.effective_from ? after : { ...after, said_by: "coordinator" };
}

async function publishStillTrue() {
  const { slug } = /** @type {Responder} */ (responder);
  await showPublished(await call("POST", path(slug, "/intake/confirmation"), { headers: { "if-match": etag } }));
}

async function publishReport() {
  const { remit, name } = /** @type {Responder} */ (responder);
  refuseFaults(form, remit);
  const report = readReport(form);
  askAboutNote(report.note, name, publishReport);
  try {
    await publish(report);
  } catch (error) {
    const plan = responder?.intake.planned;
    if (!(error instanceof Refusal) || error.code !== "already_planned" || !plan) throw error;
    const values = { state: FACTS.states[plan.report.state], time: moment(Date.parse(plan.effective_from)) };
    throw new Question(say(words.already_planned, values), WORDS.update.replace, () => publish(readReport(form), true));
  }
}

/**
 * @param {ReportRequest} report
 * @param {boolean} replace
 */
async function publish(report, replace = false) {
  const { slug } = /** @type {Responder} */ (responder);
  const options = { body: report, headers: { "if-match": etag } };
  await showPublished(await call("PUT", path(slug, `/intake${replace ? "?replace=true" : ""}`), options), report);
}

/**
 * @param {{ content: Responder }} answer
 * @param {ReportRequest | null} report
 */
async function showPublished({ content: { slug, name, intake } }, report = null) {
  const from = report?.effective_from;
  const values = {
    name: balanced(name),
    state: from ? FACTS.states[report.state] : FACTS.labels[intake.state],
    time: from ? moment(Date.parse(from)) : until(Date.parse(intake.confirm_by ?? "")),
  };
  hideTold();
  await finish(slug, say(from ? words.announced : words.published, values));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(isStillTrue ? publishStillTrue : publishReport);
});
// Enter in a field leads to the preview. Only the button publishes.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  find(".main", form).focus();
});
form.addEventListener("input", showPreview);
byId("untold").addEventListener("click", () => {
  const place = form.closest("tr");
  hideTold();
  if (place) place.hidden = true;
  opener?.focus();
});

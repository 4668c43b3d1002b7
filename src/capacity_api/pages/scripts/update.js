// A responder's own page.

import { attemptsIn, isRunning, signInAgain } from "./attempts.js";
import { Question, Refusal, call, serverNow } from "./calls.js";
import { colleaguesOf } from "./colleagues.js";
import { isContactChanged, publishContact, resetContact, showContact } from "./contact.js";
import { byId, createElement, find } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { FACTS } from "./facts.js";
import { beforeLinks } from "./leave.js";
import { hideLink, showLinks } from "./links.js";
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
import { forgetToken, offerMail, signInWith } from "./signing.js";
import { goTo, onStep } from "./steps.js";
import { offerUndo, onUndo, withdrawUndo } from "./undo.js";
import { balanced, moment, say } from "./words.js";

/** @import { ReportRequest, Identity, OwnResponder, Plan, Report } from "./types.js" */
/** @import { Step } from "./steps.js" */

// Thirty days: enough to ask for another token.
const ENDS_SOON = 2_592_000_000;
// What a token must be allowed to do, all of it, to see to people.
const EDITOR_SCOPES = ["intake:write", "responder:write"];
const words = WORDS.update;
const [signIn, report] = /** @type {HTMLFormElement[]} */ (["sign", "report"].map(byId));
const [desk, fault, done, signing] = ["desk", "fault", "done", "signing"].map(byId);

/** The responder of the token. @type {OwnResponder | null} */
let responder = null;
let slug = "";
let etag = "";
/** The report of the button "at our limit". @type {Report | null} */
let thresholdReport = null;
// Whether the user changed a field below the state. It is not filled in again then.
let isEdited = false;

const attempt = attemptsIn({
  fault,
  done,
  form: desk,
  async refused({ status }) {
    if (status === 412) await fetchResponder().catch(() => {});
    signInAgain(status);
  },
});
const attemptToSignIn = attemptsIn({ fault, done: byId("sign-done"), form: signIn });

/** @param {string} token */
async function openDesk(token) {
  const me = await signInWith(token);
  const { owner } = me;
  if (!owner.slug) throw new Refusal(words.not_a_responder);
  if (owner.slug !== slug) {
    emptyForm();
    resetContact();
    desk.hidden = true;
    responder = null;
    slug = owner.slug;
  }
  await fetchResponder();
  await fetchThresholdReport();
  await offerMore(me);
  showEnd(me);
  signIn.reset();
  signing.hidden = true;
  hideLink();
  desk.hidden = false;
  document.body.classList.add("signed-in");
  byId("name").focus();
  // "Still true" is on the first screen. Signing in may have scrolled past it.
  scrollTo({ top: 0, behavior: "instant" });
}

/**
 * Offer what goes beyond reports to a token that may do it.
 * @param {Identity} me
 */
async function offerMore(me) {
  byId("contact").hidden = !me.scopes.includes("responder:write");
  // Without SMTP the page has nothing about people.
  const colleagues = document.getElementById("colleagues");
  if (!colleagues) return;
  const isEditor = EDITOR_SCOPES.every((scope) => me.scopes.includes(scope));
  colleagues.hidden = !isEditor;
  if (isEditor) await colleaguesOf({ me, attempt, announce });
}

/**
 * Say when the token ends, if that is soon, or until when somebody is signed in.
 * @param {Identity} me
 */
function showEnd({ expires_at: expiresAt, person_id: person }) {
  const end = expiresAt ? Date.parse(expiresAt) : Infinity;
  const isSoon = end - serverNow() < ENDS_SOON;
  const message = person ? WORDS.signing.signed_in_until : words.token_ends;
  byId("ends").hidden = !isSoon;
  byId("ends").textContent = isSoon ? say(message, { time: moment(end) }) : "";
}

async function fetchThresholdReport() {
  const threshold = await call("GET", path("/threshold")).catch(() => null);
  const prepared = threshold?.content.report ?? null;
  thresholdReport = prepared && saysSomething(prepared) ? prepared : null;
  showThresholdReport();
}

/**
 * Whether somebody prepared what to publish at the threshold. Otherwise one tap would publish "no exceptions".
 * @param {Report} prepared
 */
function saysSomething({ exceptions, note, expected_response: response, expected_referral: referral, no_timeframe }) {
  return Boolean(exceptions.length || note || response || referral || no_timeframe);
}

/** @param {string} below */
function path(below = "") {
  return `/v1/responders/${encodeURIComponent(slug)}${below}`;
}

async function fetchResponder() {
  showResponder(await call("GET", path()));
}

/** @param {{ content: OwnResponder, etag: string }} answer */
function showResponder(answer) {
  responder = answer.content;
  etag = answer.etag;
  withdrawUndo();
  byId("name").replaceChildren(createElement("bdi", {}, balanced(responder.name)));
  showIntake(responder);
  if (!isEdited) fillIn(standing(responder));
  showContact(responder);
  showThresholdReport();
  showPreview();
}

/**
 * What the public sees, with "still true" directly below the state, so that a small phone shows it at once.
 * @param {OwnResponder} own
 */
function showIntake(own) {
  const { intake } = own;
  const { planned } = intake;
  const buttons = byId("shown-buttons");
  byId("shown").replaceChildren(intakeElement(intake, own));
  find("#shown .head").after(buttons);
  byId("confirm").hidden = !intake.report && !intake.last_report;
  byId("call-off").hidden = !planned;
  const isPause = planned?.report.state === "paused";
  byId("call-off").textContent = isPause ? words.cancel_paused : words.cancel_waiting_list;
}

/**
 * The report that the form begins with: the one that holds, or else the last.
 * @param {OwnResponder} own
 */
function standing({ intake }) {
  return intake.report ?? intake.last_report ?? null;
}

/** @param {Report | null} source */
function fillIn(source) {
  if (!responder) return;
  offerLimits(report, responder.remit, source?.limited_to);
  fillReport(report, source);
}

/** Say where the values of the fields are from, until the user changes one. */
function showSource() {
  if (isEdited || !responder) return;
  const source = standing(responder);
  if (!source) showFilledIn("");
  else if (!responder.intake.report) showFilledIn(words.filled_in_lapsed);
  // "Full for now" would not fit "open".
  else if (source.note && source.state !== report.state.value) {
    showFilledIn(say(words.filled_in_other, { state: FACTS.labels[source.state] }));
  } else showFilledIn(words.filled_in);
}

/** @param {Report} before */
function fillInBefore(before) {
  fillIn(before);
  isEdited = true;
  showFilledIn(words.filled_in_before);
  report.state.value = before.state;
  chooseState();
  find(".main", report).focus();
}

function emptyForm() {
  report.reset();
  isEdited = false;
}

function showPreview() {
  showFields(report);
  if (!report.state.value || !responder) return;
  showSource();
  const after = intakeAfter(responder.intake, readReport(report));
  byId("preview").replaceChildren(intakeElement(after, responder));
}

/** The button is there if a threshold was prepared, and unless its pause is what the public sees now. */
function showThresholdReport() {
  const current = responder?.intake.report;
  const isAtThreshold = current?.state === "paused" && current.reason === "referral_threshold";
  byId("preset").hidden = !thresholdReport || isAtThreshold;
  if (!responder || !thresholdReport) return;
  const after = intakeAfter(responder.intake, { ...thresholdReport, effective_from: null });
  byId("prepared").replaceChildren(intakeElement(after, responder));
}

/**
 * @param {ReportRequest} newReport
 * @param {{ replace?: boolean }} options
 */
async function publish(newReport, { replace = false } = {}) {
  const query = replace ? "?replace=true" : "";
  const before = responder?.intake.report;
  const answer = await call("PUT", path(`/intake${query}`), { body: newReport, headers: { "if-match": etag } });
  emptyForm();
  if (newReport.effective_from) {
    showPlan(words.announced, answer, answer.content.intake.planned);
  } else {
    showPublished(answer);
    offerUndo(before);
  }
  goTo({ name: "published" });
}

/** Publish what the form holds, and offer to replace a plan that stands in the way. */
async function publishForm() {
  const { remit, name } = /** @type {OwnResponder} */ (responder);
  refuseFaults(report, remit);
  askAboutNote(readReport(report).note, name, publishForm);
  try {
    await publish(readReport(report));
  } catch (error) {
    const plan = responder?.intake.planned;
    if (!(error instanceof Refusal) || error.code !== "already_planned" || !plan) throw error;
    throw new Question(say(words.already_planned, planValues(plan)), words.replace, replacePlan);
  }
}

async function publishThreshold() {
  if (!thresholdReport) return;
  askAboutNote(thresholdReport.note, responder?.name, publishThreshold);
  await publish({ ...thresholdReport, effective_from: null });
}

async function replacePlan() {
  refuseFaults(report, /** @type {OwnResponder} */ (responder).remit);
  await publish(readReport(report), { replace: true });
}

async function confirm() {
  showPublished(await call("POST", path("/intake/confirmation"), { headers: { "if-match": etag } }));
}

async function publishOwnContact() {
  showResponder(await publishContact(path(), etag));
  announce(WORDS.contact.published);
}

async function callOffPlan() {
  const plan = /** @type {Plan} */ (responder?.intake.planned);
  showPlan(words.called_off, await call("DELETE", path("/intake/planned"), { headers: { "if-match": etag } }), plan);
}

/** @param {Plan} plan */
function planValues({ effective_from: from, report: { state } }) {
  return { state: FACTS.states[state], time: moment(Date.parse(from)) };
}

/** @param {{ content: OwnResponder, etag: string }} answer */
function showPublished(answer) {
  showResponder(answer);
  const { state, confirm_by: by } = answer.content.intake;
  announce(say(words.published, { state: FACTS.labels[state], time: until(Date.parse(by ?? "")) }));
}

/**
 * Say that a plan was announced or cancelled.
 * @param {string} message
 * @param {{ content: OwnResponder, etag: string }} answer
 * @param {Plan} plan
 */
function showPlan(message, answer, plan) {
  showResponder(answer);
  announce(say(message, planValues(plan)));
}

/** @param {string} text */
function announce(text) {
  done.textContent = text;
  byId("name").focus();
}

/** Read the responder again once its state has lapsed or its plan has started. */
function refreshIfDue() {
  const intake = responder?.intake;
  if (!intake || isRunning()) return;
  const lapsesAt = intake.state === "unconfirmed" ? null : intake.confirm_by;
  const now = serverNow();
  const isDue = [lapsesAt, intake.planned?.effective_from].some((due) => due && Date.parse(due) <= now);
  if (isDue) fetchResponder().catch(() => {});
}

function chooseState() {
  goTo({ name: "fields", state: report.state.value });
  showPreview();
}

/**
 * Show a step that the user went back to. What was entered stays in the fields, also while they are hidden.
 * @param {Step} step
 */
function showStep({ name, state }) {
  if (desk.hidden) return;
  const isOfFields = name === "fields" && state;
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (report.state)) {
    radio.checked = isOfFields ? radio.value === state : false;
  }
  showPreview();
  if (!isOfFields) byId("name").focus();
}

function hasUnpublished() {
  const invited = /** @type {HTMLInputElement | null} */ (document.querySelector("#invite [name=email]"));
  return isEdited || Boolean(report.state.value) || isContactChanged() || Boolean(invited?.value);
}

/**
 * Ask before a link leads away from what is not published. What was typed is nowhere but here.
 * @param {() => void} go
 */
function askBeforeLink(go) {
  if (!hasUnpublished()) return false;
  attempt(() => Promise.reject(new Question(words.unpublished, words.go_on, async () => go())));
  return true;
}

/** @param {boolean} isNeeded */
function askToSignIn(isNeeded) {
  signing.hidden = !isNeeded || !desk.hidden;
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  attemptToSignIn(() => openDesk(signIn.token.value));
});
byId("contact-form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(publishOwnContact);
});
report.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(publishForm);
});
// Enter, or "Go" on a phone's keyboard, leads to the preview. Only the button publishes.
report.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  find(".main", report).focus();
});
report.addEventListener("input", (event) => {
  const isState = /** @type {HTMLInputElement} */ (event.target).name === "state";
  isEdited ||= !isState;
  if (isState) chooseState();
  else showPreview();
});
onStep(showStep);
beforeLinks(askBeforeLink);
onUndo(fillInBefore);
byId("confirm").addEventListener("click", () => attempt(confirm));
byId("call-off").addEventListener("click", () => attempt(callOffPlan));
byId("threshold").addEventListener("click", () => attempt(publishThreshold));
byId("forget").addEventListener("click", forgetToken);
setInterval(refreshIfDue, 5000);
byId("no-script").hidden = true;
offerMail();
askToSignIn(!showLinks({ name: "update", signIn: openDesk, askToSignIn }));

// A responder's own page.

import "./leave.js";
import { attemptsIn, isRunning, signInAgain } from "./attempts.js";
import { Question, Refusal, call, serverNow } from "./calls.js";
import { colleaguesOf } from "./colleagues.js";
import { publishContact, resetContact, showContact } from "./contact.js";
import { byId, createElement, find } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { FACTS } from "./facts.js";
import { hideLink, showLinks } from "./links.js";
import { intakeElement, until } from "./report.js";
import { askAboutNote, intakeAfter, offerLimits, readReport, refuseUnreadable, showFields } from "./report_form.js";
import { forgetToken, offerMail, signInWith } from "./signing.js";
import { balanced, moment, say } from "./words.js";

/** @import { IntakeReport, Me, OwnResponder, Plan, Report } from "./types.js" */

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
/** The report of the button "at our threshold". @type {Report | null} */
let thresholdReport = null;

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
    report.reset();
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
  byId("name").focus();
}

/**
 * Offer what goes beyond reports to a token that may do it.
 * @param {Me} me
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
 * @param {Me} me
 */
function showEnd({ expires_at: expiresAt, person_id: person }) {
  const end = expiresAt ? Date.parse(expiresAt) : Infinity;
  const isSoon = end - serverNow() < ENDS_SOON;
  const message = person ? WORDS.signing.signed_in_until : words.token_ends;
  if (person) byId("forget").textContent = WORDS.signing.sign_out;
  byId("ends").hidden = !isSoon;
  byId("ends").textContent = isSoon ? say(message, { time: moment(end) }) : "";
}

async function fetchThresholdReport() {
  const threshold = await call("GET", path("/threshold")).catch(() => null);
  thresholdReport = threshold?.content.report ?? null;
  showThresholdReport();
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
  const { intake, remit } = responder;
  byId("name").replaceChildren(createElement("bdi", {}, balanced(responder.name)));
  byId("shown").replaceChildren(intakeElement(intake, remit));
  byId("confirm").hidden = !intake.report && !intake.last_report;
  byId("call-off").hidden = !intake.planned;
  offerLimits(report, remit);
  showContact(responder);
  showThresholdReport();
  showPreview();
}

function showPreview() {
  showFields(report);
  if (!report.state.value || !responder) return;
  const { intake, remit } = responder;
  byId("preview").replaceChildren(intakeElement(intakeAfter(intake, readReport(report)), remit));
}

/** The button is there if a threshold was prepared, and unless its pause is what the public sees now. */
function showThresholdReport() {
  const current = responder?.intake.report;
  const isAtThreshold = current?.state === "paused" && current.reason === "referral_threshold";
  byId("preset").hidden = !thresholdReport || isAtThreshold;
  if (!responder || !thresholdReport) return;
  const after = intakeAfter(responder.intake, { ...thresholdReport, effective_from: null });
  byId("prepared").replaceChildren(intakeElement(after, responder.remit));
}

/**
 * @param {IntakeReport} newReport
 * @param {{ replace?: boolean }} options
 */
async function publish(newReport, { replace = false } = {}) {
  const query = replace ? "?replace=true" : "";
  const answer = await call("PUT", path(`/intake${query}`), { body: newReport, headers: { "if-match": etag } });
  report.reset();
  if (newReport.effective_from) showPlan(words.announced, answer, answer.content.intake.planned);
  else showPublished(answer);
}

/** Publish what the form holds, and offer to replace a plan that stands in the way. */
async function publishForm() {
  refuseUnreadable(report);
  askAboutNote(readReport(report).note, responder?.name, publishForm);
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
  refuseUnreadable(report);
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
 * Say that a plan was announced or called off.
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
report.addEventListener("input", showPreview);
byId("confirm").addEventListener("click", () => attempt(confirm));
byId("call-off").addEventListener("click", () => attempt(callOffPlan));
byId("threshold").addEventListener("click", () => attempt(publishThreshold));
byId("forget").addEventListener("click", forgetToken);
setInterval(refreshIfDue, 5000);
byId("by-call").hidden = true;
offerMail();
askToSignIn(!showLinks({ name: "update", signIn: openDesk, askToSignIn }));

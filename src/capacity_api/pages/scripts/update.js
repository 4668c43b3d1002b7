// A responder's own page. The token is held in one variable, and goes nowhere but into the header of calls to this server.

import "./leave.js";
import { timeOf } from "./clock.js";
import { byId, createElement, find, findAll } from "./dom.js";
import { FACTS, WORDS } from "./facts.js";
import { ASPECTS, limitingCodes } from "./limit.js";
import { personalIn } from "./note.js";
import { intakeElement, ukTime, until } from "./report.js";
import { balanced, joinWords, moment, say } from "./words.js";

/** @import { ExpectedTime, FieldError, Intake, IntakeReport, Limit, Plan, Report, Responder } from "./types.js" */

// A browser would wait for minutes on a connection that was lost silently.
const ANSWER_WITHIN = 20_000;
// A step that takes longer than this is announced as being on its way.
const SLOW_AFTER = 1000;
// Thirty days: enough to ask for another token.
const ENDS_SOON = 2_592_000_000;
const words = WORDS.update;
const [signIn, report] = /** @type {HTMLFormElement[]} */ (["sign", "report"].map(byId));
const [desk, fault, done] = ["desk", "fault", "done"].map(byId);

let token = "";
/** The responder of the token. @type {Responder | null} */
let responder = null;
let slug = "";
let etag = "";
/** The report of the button "at our threshold". @type {Report | null} */
let thresholdReport = null;
// The note that the user publishes although it seems to say something about a person.
let agreedNote = "";
let isBusy = false;
// How many milliseconds the server's clock is ahead of the device's, which may be wrong.
let serverAhead = 0;

/** A step that failed, in words for the user. */
class Refusal extends Error {
  /**
   * @param {string} message
   * @param {FieldError[]} errors the fields at fault
   * @param {number} status
   * @param {string} code
   */
  constructor(message, errors = [], status = 0, code = "") {
    super(message);
    this.errors = errors;
    this.status = status;
    this.code = code;
  }
}

/** A step that is taken only when the user says so, with one more button. */
class Question extends Refusal {
  /**
   * @param {string} message
   * @param {string} answer the words of the button
   * @param {() => Promise<void>} step
   */
  constructor(message, answer, step) {
    super(message);
    this.answer = answer;
    this.step = step;
  }
}

/**
 * Call the API. Throws a Refusal if it refuses or does not answer.
 * @param {"GET" | "PUT" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {{ body?: unknown, headers?: Record<string, string> }} options
 */
async function call(method, path, { body, headers = {} } = {}) {
  const controller = new AbortController();
  const timeout = setTimeout(() => controller.abort(), ANSWER_WITHIN);
  /** @type {Response | null} */
  let response = null;
  let content = null;
  try {
    response = await fetch(path, {
      method,
      cache: "no-store",
      credentials: "omit",
      headers: {
        authorization: `Bearer ${token}`,
        ...(body ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      body: body ? JSON.stringify(body) : undefined,
      signal: controller.signal,
    });
    serverAhead = timeOf(response.headers) - Date.now() || serverAhead;
    content = await response.json();
  } catch {
    // The connection was lost, or a server in between answered.
  } finally {
    clearTimeout(timeout);
  }
  if (!response || (response.ok && !content)) throw new Refusal(method === "GET" ? words.unreachable : words.unknown);
  if (!response.ok) {
    const message = response.status === 412 ? words.changed_meanwhile : (content?.detail ?? words.unknown);
    throw new Refusal(message, content?.errors ?? [], response.status, content?.code);
  }
  return { content, etag: response.headers.get("etag") ?? "" };
}

/**
 * Run one step, unless one is running. If it is refused, say why in words; the user's input stays.
 * @param {() => Promise<void>} step
 */
async function attempt(step) {
  if (isBusy) return;
  isBusy = true;
  document.body.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => (done.textContent = words.sending), SLOW_AFTER);
  fault.hidden = true;
  done.textContent = "";
  for (const field of findAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  try {
    await step();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    done.textContent = "";
    showRefusal(error);
    if (error.status === 412) await fetchResponder().catch(() => {});
    // A token can end while the page is open. Ask for another one; the user's input stays.
    if (error.status === 401) signIn.hidden = false;
  } finally {
    isBusy = false;
    clearTimeout(slow);
    document.body.removeAttribute("aria-busy");
  }
}

/** @param {Refusal} refusal */
function showRefusal(refusal) {
  const { message, errors } = refusal;
  const items = errors.map((error) => createElement("li", {}, markField(error)));
  fault.replaceChildren(createElement("p", {}, message));
  if (items.length) fault.append(createElement("ul", {}, ...items));
  if (refusal instanceof Question) {
    const button = createElement("button", { type: "button" }, refusal.answer);
    button.addEventListener("click", () => attempt(refusal.step));
    fault.append(createElement("p", {}, button));
  }
  fault.hidden = false;
  fault.focus();
}

/**
 * Mark the field that an error is about, and return the error in words.
 * @param {FieldError} error
 */
function markField({ pointer, detail }) {
  const parts = findAll("[data-pointer]", report);
  // A part within another stands after it, and knows better.
  const part = parts.filter((each) => `${pointer}/`.startsWith(`${each.dataset.pointer}/`)).at(-1);
  if (!part) return detail;
  const field = part.querySelector(`[name="${pointer.split("/").at(-1)}"]`) ?? find("input, select, textarea", part);
  field.setAttribute("aria-invalid", "true");
  for (const details of /** @type {HTMLDetailsElement[]} */ (findAll("details", report))) {
    details.open ||= details.contains(field);
  }
  return `${find("legend, .label, label", part).textContent}: ${detail}`;
}

async function openDesk() {
  // Chat and mail programs put quotes, spaces and invisible characters around what is copied.
  token = signIn.token.value.replace(/[^\x21-\x7e]/g, "");
  const { owner, expires_at } = (await call("GET", "/v1/me")).content;
  if (owner.type !== "responder") throw new Refusal(words.not_a_responder);
  if (owner.slug !== slug) {
    report.reset();
    desk.hidden = true;
    responder = null;
    slug = owner.slug;
  }
  await fetchResponder();
  await fetchThresholdReport();
  showEnd(expires_at);
  signIn.reset();
  signIn.hidden = true;
  desk.hidden = false;
  byId("name").focus();
}

/**
 * Say when the token ends, if that is soon.
 * @param {string | null} expiresAt
 */
function showEnd(expiresAt) {
  const end = expiresAt ? Date.parse(expiresAt) : Infinity;
  const isSoon = end - Date.now() - serverAhead < ENDS_SOON;
  byId("ends").hidden = !isSoon;
  byId("ends").textContent = isSoon ? say(words.token_ends, { time: moment(end) }) : "";
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

/** @param {{ content: Responder, etag: string }} answer */
function showResponder(answer) {
  responder = answer.content;
  etag = answer.etag;
  const { intake, remit } = responder;
  byId("name").replaceChildren(createElement("bdi", {}, balanced(responder.name)));
  byId("shown").replaceChildren(intakeElement(intake, remit));
  byId("confirm").hidden = !intake.report && !intake.last_report;
  byId("call-off").hidden = !intake.planned;
  offerLimits(responder);
  showThresholdReport();
  showPreview();
}

/**
 * Offer the limits that the remit allows.
 * @param {Responder} responder
 */
function offerLimits({ remit }) {
  for (const aspect of ASPECTS) {
    const codes = limitingCodes(remit, aspect);
    for (const box of /** @type {HTMLInputElement[]} */ (findAll(`[name=${aspect}]`, report))) {
      const isOffered = codes.includes(box.value);
      box.checked &&= isOffered;
      /** @type {HTMLElement} */ (box.closest("label")).hidden = !isOffered;
    }
    find(`[data-pointer="/limited_to/${aspect}"]`, report).hidden = !codes.length;
  }
}

/** The button is there if a threshold was prepared, and unless its pause is what the public sees now. */
function showThresholdReport() {
  const current = responder?.intake.report;
  const isAtThreshold = current?.state === "paused" && current.reason === "referral_threshold";
  byId("preset").hidden = !thresholdReport || isAtThreshold;
  if (responder && thresholdReport) showIn("prepared", responder, { ...thresholdReport, effective_from: null });
}

/**
 * Show what the public reads once a report is published: a plan stays beside the state now, and the other way round.
 * @param {"preview" | "prepared"} id
 * @param {Responder} responder
 * @param {IntakeReport} newReport
 */
function showIn(id, { intake, remit }, { effective_from: from, ...report }) {
  /** @type {Intake} */
  const after = from
    ? { ...intake, planned: { effective_from: from, report } }
    : { state: report.state, report, planned: intake.planned };
  byId(id).replaceChildren(intakeElement(after, remit));
}

/**
 * The value of a field; empty if the field does not go with the state that was chosen.
 * @param {string} name
 * @returns {string}
 */
function valueOf(name) {
  return report[name].closest("[data-for]").dataset.for.includes(report.state.value) ? report[name].value : "";
}

/**
 * @param {string} name
 * @returns {string[]}
 */
function checked(name) {
  return /** @type {HTMLInputElement[]} */ (findAll(`[name=${name}]:checked`, report)).map((box) => box.value);
}

/**
 * @param {"/expected_response" | "/expected_referral"} pointer
 * @returns {ExpectedTime | null}
 */
function readExpectedTime(pointer) {
  const part = find(`[data-pointer="${pointer}"]`, report);
  const fields = ["min", "max", "unit"].map((name) => /** @type {HTMLInputElement} */ (find(`[name=${name}]`, part)));
  const [min, max, unit] = fields.map(({ value }) => value);
  if (!min && !max) return null;
  return { min: Number(min || 0), max: Number(max || min), unit: /** @type {ExpectedTime["unit"]} */ (unit) };
}

/** @returns {Limit | null} */
function readLimit() {
  const codes = ASPECTS.map((aspect) => [aspect, checked(aspect)]);
  if (codes.every(([, each]) => !each.length)) return null;
  return Object.fromEntries(codes.map(([aspect, each]) => [aspect, each.length ? each : ["all"]]));
}

/**
 * The report that the form holds.
 * @returns {IntakeReport}
 */
function readReport() {
  const from = valueOf("effective_from");
  const state = report.state.value;
  return {
    state,
    expected_response: readExpectedTime("/expected_response"),
    expected_referral: readExpectedTime("/expected_referral"),
    no_timeframe: report.no_timeframe.checked,
    limited_to: state === "paused" ? null : readLimit(),
    reason: valueOf("reason") || null,
    exceptions: state === "paused" ? checked("exceptions") : [],
    reopens_on: valueOf("reopens_on") || null,
    note: valueOf("note").trim() || null,
    effective_from: from ? new Date(ukTime(from)).toISOString() : null,
  };
}

function showPreview() {
  const { value } = report.state;
  byId("said").hidden = !value;
  if (!value) return;
  for (const field of findAll("[data-for]", report)) field.hidden = !field.dataset.for?.split(" ").includes(value);
  if (responder) showIn("preview", responder, readReport());
}

/** Refuse what the browser cannot read, such as half a date. It would be sent as if the field were empty. */
function refuseUnreadable() {
  const fields = /** @type {HTMLInputElement[]} */ (findAll("input, select, textarea", report));
  const unreadable = fields.filter((field) => !field.validity.valid && !field.closest("[data-for][hidden]"));
  if (!unreadable.length) return;
  const errors = unreadable.map((field) => {
    const part = /** @type {HTMLElement | null} */ (field.closest("[data-pointer]"));
    return { pointer: `${part?.dataset.pointer}/${field.name}`, detail: field.validationMessage };
  });
  throw new Refusal(words.unreadable, errors);
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
  refuseUnreadable();
  askAboutNote(readReport(), publishForm);
  try {
    await publish(readReport());
  } catch (error) {
    const plan = responder?.intake.planned;
    if (!(error instanceof Refusal) || error.code !== "already_planned" || !plan) throw error;
    throw new Question(say(words.already_planned, planValues(plan)), words.replace, replacePlan);
  }
}

/**
 * Ask, once for each note, before one is published that seems to say something about a person.
 * @param {Report} newReport
 * @param {() => Promise<void>} step
 */
function askAboutNote({ note }, step) {
  const found = note && note !== agreedNote ? personalIn(note, responder?.name) : [];
  if (!found.length) return;
  const what = joinWords(found.map((kind) => words[`note_${kind}`]));
  throw new Question(say(words.note_seems, { what }), words.publish_anyway, () => {
    agreedNote = note ?? "";
    return step();
  });
}

async function publishThreshold() {
  if (!thresholdReport) return;
  askAboutNote(thresholdReport, publishThreshold);
  await publish({ ...thresholdReport, effective_from: null });
}

async function replacePlan() {
  refuseUnreadable();
  await publish(readReport(), { replace: true });
}

async function confirm() {
  showPublished(await call("POST", path("/intake/confirmation"), { headers: { "if-match": etag } }));
}

async function callOffPlan() {
  const plan = /** @type {Plan} */ (responder?.intake.planned);
  showPlan(words.called_off, await call("DELETE", path("/intake/planned"), { headers: { "if-match": etag } }), plan);
}

/** @param {Plan} plan */
function planValues({ effective_from: from, report: { state } }) {
  return { state: FACTS.states[state], time: moment(Date.parse(from)) };
}

/** @param {{ content: Responder, etag: string }} answer */
function showPublished(answer) {
  showResponder(answer);
  const { state, confirm_by: by } = answer.content.intake;
  announce(say(words.published, { state: FACTS.labels[state], time: until(Date.parse(by ?? "")) }));
}

/**
 * Say that a plan was announced or called off.
 * @param {string} message
 * @param {{ content: Responder, etag: string }} answer
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

function forgetToken() {
  token = "";
  location.reload();
}

/** Read the responder again once its state has lapsed or its plan has started. */
function refreshIfDue() {
  const intake = responder?.intake;
  if (!intake || isBusy) return;
  const lapsesAt = intake.state === "unconfirmed" ? null : intake.confirm_by;
  const now = Date.now() + serverAhead;
  const isDue = [lapsesAt, intake.planned?.effective_from].some((due) => due && Date.parse(due) <= now);
  if (isDue) fetchResponder().catch(() => {});
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(openDesk);
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
// A page that the browser brings back must not bring back the token.
addEventListener("pageshow", (event) => event.persisted && forgetToken());
setInterval(refreshIfDue, 5000);
byId("by-call").hidden = true;
signIn.hidden = false;

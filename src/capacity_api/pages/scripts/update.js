// A responder's own page. The token is held in one variable, and goes nowhere but into the header of calls to this server.

import { FACTS } from "./facts.js";
import { balanced, element, moment, say, words } from "./words.js";
import { shown, ukTime, until } from "./report.js";

// A connection that was lost without a word would keep a browser waiting for minutes.
const ANSWERED_WITHIN = 20_000;
// What takes longer than this is said to be on its way.
const AT_ONCE = 1000;
const part = (id) => document.getElementById(id);
const [sign, desk, fault, done, report] = ["sign", "desk", "fault", "done", "report"].map(part);

let token = null;
let responder = null;
let etag = null;
let prepared = null;
let sending = false;
// By how many milliseconds the server's clock is ahead of the device's, which may be wrong.
let ahead = 0;

/** What goes wrong, in words; `faults` say which field. */
class Refusal extends Error {
  constructor(message, faults = [], status = 0) {
    super(message);
    this.faults = faults;
    this.status = status;
  }
}

async function call(method, path, body, headers = {}) {
  const waiting = new AbortController();
  const patience = setTimeout(() => waiting.abort(), ANSWERED_WITHIN);
  let answer = null;
  let content = null;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      credentials: "omit",
      headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
      signal: waiting.signal,
    });
    ahead = Date.parse(answer.headers.get("date")) - Date.now() || ahead;
    content = await answer.json();
  } catch {
    // Lost on the way, or the words of somebody in between.
  } finally {
    clearTimeout(patience);
  }
  if (!answer || (answer.ok && !content)) throw new Refusal(method === "GET" ? words.unreachable : words.unknown);
  if (!answer.ok) {
    const refused = answer.status === 412 ? words.changed_meanwhile : (content?.detail ?? words.unknown);
    throw new Refusal(refused, content?.errors ?? [], answer.status);
  }
  return { content, etag: answer.headers.get("etag") };
}

/** Run one step; what it refuses is shown in words, and nothing that was entered is lost. */
async function attempt(step) {
  if (sending) return;
  sending = true;
  document.body.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => (done.textContent = words.sending), AT_ONCE);
  fault.hidden = true;
  done.textContent = "";
  for (const field of document.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  try {
    await step();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    done.textContent = "";
    complain(error);
    if (error.status === 412) await read().catch(() => {});
    // A token can end while the page is open: another one takes its place, and what was entered stays.
    if (error.status === 401) sign.hidden = false;
  } finally {
    sending = false;
    clearTimeout(slow);
    document.body.removeAttribute("aria-busy");
  }
}

function complain({ message, faults }) {
  const items = faults.map(({ pointer, detail }) => {
    const field = [...report.querySelectorAll("[data-pointer]")].find((each) => pointer.startsWith(each.dataset.pointer));
    if (!field) return detail;
    const named = field.querySelector(`[name="${pointer.split("/").at(-1)}"]`);
    (named ?? field.querySelector("input, select, textarea")).setAttribute("aria-invalid", "true");
    report.querySelector("details").open = true;
    return `${field.querySelector("legend, .label").textContent}: ${detail}`;
  });
  fault.replaceChildren(element("p", {}, message), ...(items.length > 0 ? [element("ul", {}, ...items.map((each) => element("li", {}, each)))] : []));
  fault.hidden = false;
  fault.focus();
}

async function enter() {
  // Chat and mail programs put quotes, spaces and signs that nobody sees around what is copied.
  token = sign.token.value.replace(/[^\x21-\x7e]/g, "");
  const { owner } = (await call("GET", "/v1/me")).content;
  if (owner.type !== "responder") throw new Refusal(words.not_a_responder);
  if (owner.slug !== responder?.slug) {
    report.reset();
    desk.hidden = true;
    responder = { slug: owner.slug };
  }
  await read();
  const threshold = await call("GET", path("threshold")).catch(() => null);
  prepared = {
    state: "paused",
    reason: "referral_threshold",
    exceptions: threshold?.content.exceptions ?? [],
    expected_response: threshold?.content.expected_response ?? null,
    note: threshold?.content.note ?? null,
  };
  showPrepared();
  sign.reset();
  sign.hidden = true;
  desk.hidden = false;
  part("name").focus();
}

function path(rest) {
  return `/v1/responders/${encodeURIComponent(responder.slug)}${rest ? `/${rest}` : ""}`;
}

async function read() {
  const answer = await call("GET", path());
  show(answer);
}

function show(answer) {
  responder = answer.content;
  etag = answer.etag;
  const { intake } = responder;
  part("name").replaceChildren(element("bdi", {}, balanced(responder.name)));
  part("shown").replaceChildren(shown(intake));
  part("confirm").hidden = !intake.reported_state;
  part("call-off").hidden = !intake.planned;
  part("preset").hidden = intake.state === "paused" && intake.reason === "referral_threshold";
  if (prepared) showPrepared();
  preview();
}

function showPrepared() {
  part("prepared").replaceChildren(shown(after(prepared)));
}

/** What the public reads once that is published: what is planned stays beside what is said now, and the other way round. */
function after(said) {
  const { intake } = responder;
  return said.effective_from ? { ...intake, planned: said } : { ...said, planned: intake.planned };
}

/** The report as the form has it; what does not go with the state is left out. */
function entered() {
  const said = (name) => (report[name].closest("[data-for]").dataset.for.includes(report.state.value) ? report[name].value : "");
  const [min, max] = [said("min"), said("max")];
  const from = said("effective_from");
  return {
    state: report.state.value,
    expected_response: max || min ? { min: Number(min || 0), max: Number(max || min), unit: report.unit.value } : null,
    reason: said("reason") || null,
    exceptions:
      report.state.value === "paused"
        ? [...report.querySelectorAll("[name=exceptions]:checked")].map((tick) => tick.value)
        : [],
    reopens_on: said("reopens_on") || null,
    note: said("note").trim() || null,
    effective_from: from ? new Date(ukTime(from)).toISOString() : null,
  };
}

function preview() {
  const { value } = report.state;
  part("said").hidden = !value;
  if (!value) return;
  for (const field of report.querySelectorAll("[data-for]")) field.hidden = !field.dataset.for.split(" ").includes(value);
  part("preview").replaceChildren(shown(after(entered())));
}

/** What the browser itself cannot read would be sent as if nothing had been entered. */
function refuseUnreadable() {
  const wrong = [...report.elements].filter((field) => !field.validity.valid && !field.closest("[data-for][hidden]"));
  if (!wrong.length) return;
  const faults = wrong.map((field) => ({
    pointer: `${field.closest("[data-pointer]").dataset.pointer}/${field.name}`,
    detail: field.validationMessage,
  }));
  throw new Refusal(words.unreadable, faults);
}

async function send(said) {
  const answer = await call("PUT", path("intake"), said, { "if-match": etag });
  report.reset();
  if (said.effective_from) planned(words.announced, answer, answer.content.intake.planned);
  else published(answer);
}

function published(answer) {
  show(answer);
  const { state, confirm_by: by } = responder.intake;
  tell(say(words.published, { state: FACTS.states[state][0], time: until(Date.parse(by)) }));
}

/** Say of a plan that it was announced, or called off. */
function planned(message, answer, { state, effective_from: from }) {
  show(answer);
  tell(say(message, { state: FACTS.states[state][1], time: moment(Date.parse(from)) }));
}

async function callOff() {
  const plan = responder.intake.planned;
  planned(words.called_off, await call("DELETE", path("intake/planned"), undefined, { "if-match": etag }), plan);
}

function tell(news) {
  done.textContent = news;
  part("name").focus();
}

function forget() {
  token = null;
  location.reload();
}

sign.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(enter);
});
part("confirm").addEventListener("click", () =>
  attempt(async () => published(await call("POST", path("intake/confirmation"), undefined, { "if-match": etag }))),
);
report.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => {
    refuseUnreadable();
    return send(entered());
  });
});
// "Go" on a phone's keyboard leads to the look before it is sent, and does not take its place.
report.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input")) return;
  event.preventDefault();
  report.querySelector(".main").focus();
});
part("call-off").addEventListener("click", () => attempt(callOff));
report.addEventListener("input", preview);
part("threshold").addEventListener("click", () => attempt(() => send(prepared)));
part("forget").addEventListener("click", forget);
// A page that the browser would bring back must not bring back the token.
addEventListener("pageshow", (event) => event.persisted && forget());
// What is shown as holding must not stand here after it has lapsed, nor a plan after it has started.
setInterval(() => {
  const { state, confirm_by: by, planned: plan } = responder?.intake ?? {};
  const dues = [state !== "unconfirmed" && by, plan?.effective_from].filter(Boolean);
  if (dues.some((due) => Date.parse(due) <= Date.now() + ahead) && !sending) read().catch(() => {});
}, 5000);
part("by-call").hidden = true;
sign.hidden = false;

// A responder's own page. The token is held in one variable, and goes nowhere but into the header of calls to this server.

import { FACTS } from "./facts.js";
import { balanced, element, say, words } from "./words.js";
import { shown, until } from "./report.js";

const part = (id) => document.getElementById(id);
const [sign, desk, fault, done, report] = ["sign", "desk", "fault", "done", "report"].map(part);

let token = null;
let responder = null;
let etag = null;
let prepared = null;
let sending = false;

/** What goes wrong, in words; `faults` say which field. */
class Refusal extends Error {
  constructor(message, faults = [], status = 0) {
    super(message);
    this.faults = faults;
    this.status = status;
  }
}

async function call(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      credentials: "omit",
      headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Refusal(method === "GET" ? words.unreachable : words.unknown);
  }
  const content = await answer.json().catch(() => null);
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
  desk.setAttribute("aria-busy", "true");
  fault.hidden = true;
  done.textContent = "";
  for (const field of document.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  try {
    await step();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    complain(error);
    if (error.status === 412) await read().catch(() => {});
  } finally {
    sending = false;
    desk.removeAttribute("aria-busy");
  }
}

function complain({ message, faults }) {
  const items = faults.map(({ pointer, detail }) => {
    const field = [...report.querySelectorAll("[data-pointer]")].find((each) => pointer.startsWith(each.dataset.pointer));
    if (!field) return detail;
    field.querySelector("input, select, textarea").setAttribute("aria-invalid", "true");
    report.querySelector("details").open = true;
    return `${field.querySelector("legend, .label").textContent}: ${detail}`;
  });
  fault.replaceChildren(element("p", {}, message), ...(items.length > 0 ? [element("ul", {}, ...items.map((each) => element("li", {}, each)))] : []));
  fault.hidden = false;
  fault.focus();
}

async function enter() {
  token = sign.token.value.trim();
  const { owner } = (await call("GET", "/v1/me")).content;
  if (owner.type !== "responder") throw new Refusal(words.not_a_responder);
  responder = { slug: owner.slug };
  await read();
  const threshold = await call("GET", path("threshold")).catch(() => null);
  prepared = {
    state: "paused",
    reason: "referral_threshold",
    exceptions: threshold?.content.exceptions ?? [],
    expected_response: threshold?.content.expected_response ?? null,
    note: threshold?.content.note ?? null,
  };
  part("prepared").replaceChildren(shown(prepared));
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
  const now = shown(intake);
  if (intake.state !== "unconfirmed") {
    now.append(element("p", { class: "small soft" }, say(words.holds, { time: until(Date.parse(intake.confirm_by)) })));
  } else if (intake.reported_state) {
    const values = { state: FACTS.states[intake.reported_state][1], time: until(Date.parse(intake.confirm_by)) };
    now.append(element("p", { class: "small soft" }, say(words.lapsed, values)));
  } else {
    now.append(element("p", { class: "small soft" }, words.never_reported));
  }
  part("shown").replaceChildren(now);
  part("confirm").hidden = !intake.reported_state;
  part("preset").hidden = intake.state === "paused" && intake.reason === "referral_threshold";
}

/** The report as the form has it; what does not go with the state is left out. */
function entered() {
  const said = (name) => (report[name].closest("[data-for]").dataset.for.includes(report.state.value) ? report[name].value : "");
  const [min, max] = [said("min"), said("max")];
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
  };
}

function preview() {
  const { value } = report.state;
  part("said").hidden = !value;
  if (!value) return;
  for (const field of report.querySelectorAll("[data-for]")) field.hidden = !field.dataset.for.split(" ").includes(value);
  part("preview").replaceChildren(shown(entered()));
}

async function send(said) {
  const answer = await call("PUT", path("intake"), said, { "if-match": etag });
  report.reset();
  preview();
  published(answer);
}

function published(answer) {
  show(answer);
  const { state, confirm_by: by } = responder.intake;
  done.textContent = say(words.published, { state: FACTS.states[state][0], time: until(Date.parse(by)) });
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
  attempt(() => send(entered()));
});
report.addEventListener("input", preview);
part("threshold").addEventListener("click", () => attempt(() => send(prepared)));
part("forget").addEventListener("click", forget);
// A page that the browser would bring back must not bring back the token.
addEventListener("pageshow", (event) => event.persisted && forget());
// What is shown as holding must not stand here after it has lapsed.
setInterval(() => {
  const by = Date.parse(responder?.intake?.confirm_by ?? "");
  if (by <= Date.now() && responder.intake.state !== "unconfirmed" && !sending) read().catch(() => {});
}, 5000);
part("by-call").hidden = true;
sign.hidden = false;

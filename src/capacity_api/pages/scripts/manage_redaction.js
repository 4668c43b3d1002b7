// The part "Redact": take out of everything that was published what should never have been.

import { ask } from "./ask.js";
import { isRunning } from "./attempts.js";
import { Refusal, call } from "./calls.js";
import { byId, createElement, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { readAll, stepsOf } from "./manage_desk.js";
import { nameOf } from "./manage_owners.js";
import { inWords, joinWords, moment, say, sayCount } from "./words.js";

/** @import { HistoryEntry, Owner } from "./access.js" */
/** @import { Desk } from "./types.js" */

const words = WORDS.manage_redaction;
const section = byId("redaction");
const form = /** @type {HTMLFormElement} */ (byId("redact"));
const done = find(".done", section);
const attempt = stepsOf(section, form);
/** @type {Owner[]} */
let responders = [];

/**
 * @param {Desk} _desk
 * @param {string} [slug] the responder to redact
 */
export async function open(_desk, slug) {
  const owners = /** @type {Owner[]} */ (await readAll("/v1/owners"));
  responders = owners.filter(({ type }) => type === "responder");
  const chosen = slug ?? form.slug.value;
  form.slug.replaceChildren(
    createElement("option", { value: "" }, words.choose),
    ...responders.map((each) => createElement("option", { value: each.slug ?? "" }, nameOf(each))),
  );
  form.slug.value = chosen;
  showRange();
}

/** The numbers are asked for only where the range is not everything. */
function showRange() {
  const isPart = form.range.value === "part";
  byId("numbers").hidden = !isPart;
  if (isPart && form.slug.value) attempt(showHistory);
}

/** Help to find the numbers. A delisted responder has no history that can be read. */
async function showHistory() {
  const path = `/v1/responders/${encodeURIComponent(form.slug.value)}/history?limit=50`;
  /** @type {HistoryEntry[]} */
  let entries = [];
  try {
    entries = (await call("GET", path)).content.items;
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
  }
  const rows = entries.map(({ sequence, kind, at }) =>
    createElement(
      "li",
      {},
      say(words.entry, { number: sequence, time: moment(Date.parse(at)), what: inWords(words, kind, "kind_") }),
    ),
  );
  byId("numbers-found").replaceChildren(rows.length ? createElement("ul", {}, ...rows) : words.no_history);
}

/** What the form holds, as the body of the call. */
function readForm() {
  const boxes = /** @type {HTMLInputElement[]} */ (findAll("[name=fields]:checked", form));
  const isPart = form.range.value === "part";
  return {
    fields: boxes.map(({ value }) => value),
    from: isPart ? Number(form.from.value) : 1,
    to: isPart && form.to.value ? Number(form.to.value) : null,
  };
}

/** Refuse what the server cannot know: which responder, and numbers that are none. */
function refuseIncomplete() {
  const errors = [];
  if (!form.slug.value) errors.push({ pointer: "/slug", detail: words.choose });
  if (!readForm().fields.length) errors.push({ pointer: "/fields", detail: words.choose_fields });
  if (form.range.value === "part" && !(Number(form.from.value) >= 1)) {
    errors.push({ pointer: "/from", detail: words.choose_number });
  }
  if (errors.length) throw new Refusal(words.incomplete, errors);
}

/** @param {{ fields: string[], from: number, to: number | null }} body */
function askFirst({ fields, from, to }) {
  const owner = responders.find(({ slug }) => slug === form.slug.value);
  const boxes = findAll("[name=fields]", form).map((box) => [
    /** @type {HTMLInputElement} */ (box).value,
    box.closest("label")?.textContent ?? "",
  ]);
  const labels = boxes.filter(([code]) => fields.includes(code)).map(([, label]) => label);
  const range =
    form.range.value === "all" ? words.all : to ? say(words.from_to, { from, to }) : say(words.from, { from });
  const heading = say(words.redaction, { owner: owner ? nameOf(owner) : form.slug.value });
  return ask(heading, [`${joinWords(labels)}: ${range}`, words.cannot_be_undone, words.backups_keep], {
    redact: words.redact_now,
  });
}

async function redact() {
  const slug = form.slug.value;
  const path = `/v1/responders/${encodeURIComponent(slug)}/redactions`;
  const { event_count: events, sequence } = (await call("POST", path, { body: readForm() })).content;
  form.reset();
  showRange();
  done.textContent = `${sayCount(words.done, events, { events, number: sequence })} ${words.backups_keep}`;
  find("h2", section).focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isRunning()) return;
  let isComplete = false;
  await attempt(async () => {
    refuseIncomplete();
    isComplete = true;
  });
  if (isComplete && (await askFirst(readForm()))) await attempt(redact);
});
form.slug.addEventListener("change", showRange);
for (const radio of findAll("[name=range]", form)) radio.addEventListener("change", showRange);

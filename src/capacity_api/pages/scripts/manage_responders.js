// The part "Responders": everybody at a glance, reports that are given by telephone, reminding and delisting.

import { ask } from "./ask.js";
import { isRunning } from "./attempts.js";
import { call, serverNow } from "./calls.js";
import { byId, createElement, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { FACTS } from "./facts.js";
import { stepsOf } from "./manage_desk.js";
import { foundInWords } from "./manage_disputes.js";
import { groupsOf, isReminded, readGlances } from "./manage_glance.js";
import { buttonFor } from "./manage_owners.js";
import { hideTold, takeReport } from "./manage_told.js";
import { balanced, joinWords, moment, say, sayCount } from "./words.js";

/** @import { Desk, Glance, Intake, Responder, State } from "./types.js" */

// Without SMTP the page has no form to sign in by mail.
const SENDS_MAIL = Boolean(document.getElementById("mail"));
const words = WORDS.manage_responders;
const section = byId("responders");
const table = byId("glance");
const filter = /** @type {HTMLInputElement} */ (byId("by-name"));
const attempt = stepsOf(section);
/** @type {Desk} */
let desk;
/** @type {Glance[]} */
let glances = [];

/**
 * @param {Desk} newDesk
 * @param {string} [slug] the responder to go to
 */
export async function open(newDesk, slug) {
  desk = newDesk;
  await read();
  if (!slug) return;
  filter.value = "";
  filterRows();
  focusOn(slug);
}

async function read() {
  glances = await readGlances();
  showRows();
}

function showRows() {
  hideTold();
  find("tbody", table).replaceChildren(...glances.flatMap(rowsOf));
  filterRows();
}

/** @param {string} slug */
function focusOn(slug) {
  document.getElementById(nameId(slug))?.focus();
}

/** @param {string} slug */
function nameId(slug) {
  return `glance-${slug}`;
}

/** Show those whose name has what was entered. It stays in the page. */
function filterRows() {
  const wanted = filter.value.trim().toLowerCase();
  let count = 0;
  for (const row of findAll("tr[data-slug]", table)) {
    const glance = glances.find(({ responder }) => responder.slug === row.dataset.slug);
    row.hidden = !glance?.responder.name.toLowerCase().includes(wanted);
    if (!row.hidden) count += 1;
    else if (row.nextElementSibling?.contains(byId("told"))) closeBelow(row);
  }
  byId("glanced").textContent = sayCount(words.found, count, { count });
}

/** @param {HTMLElement} row */
function closeBelow(row) {
  hideTold();
  /** @type {HTMLElement} */ (row.nextElementSibling).hidden = true;
}

/**
 * The row of a responder, and one below it for the report that it gives by telephone.
 * @param {Glance} glance
 */
function rowsOf(glance) {
  const { responder } = glance;
  const { slug, intake } = responder;
  const place = createElement("td", { role: "cell", colspan: "6" });
  const below = createElement("tr", { role: "row", class: "below" }, place);
  below.hidden = true;
  const name = createElement("th", { role: "rowheader", scope: "row", id: nameId(slug), tabindex: "-1" });
  name.append(createElement("bdi", {}, balanced(responder.name)), ...hints(glance));
  const row = createElement(
    "tr",
    { role: "row", class: intake.state, "data-slug": slug },
    name,
    cell(words.state, createElement("span", { class: "state" }, FACTS.labels[intake.state]), paragraph(holds(intake))),
    cell(words.said, paragraph(said(intake))),
    cell(words.reminder, ...reminded(glance).map(paragraph)),
    cell(words.people, ...people(glance).map(paragraph)),
    createElement("td", { role: "cell" }, ...buttons(responder, place)),
  );
  return [row, below];
}

/**
 * A cell with its heading, which only a small screen shows.
 * @param {string} heading
 * @param {Node[]} contents
 */
function cell(heading, ...contents) {
  const label = createElement("span", { class: "heading", "aria-hidden": "true" }, heading);
  return createElement("td", { role: "cell" }, label, createElement("div", {}, ...contents));
}

/** @param {string} text */
function paragraph(text) {
  return createElement("p", {}, text);
}

/** @param {Glance} glance */
function hints({ disputes, isSuspended, responder }) {
  const texts = disputes.map(({ partner, found, at }) =>
    say(words.disputed, { partner: balanced(partner.name ?? ""), found: foundInWords(found), time: on(at) }),
  );
  if (isSuspended) texts.push(words.suspended);
  if (!responder.intake.confirm_by) texts.push(words.not_joined);
  return texts.map((text) => createElement("p", { class: "hint" }, text));
}

/** @param {string} time */
function on(time) {
  return moment(Date.parse(time));
}

/** @param {Intake} intake */
function holds({ state, confirm_by: by, last_report: last }) {
  if (!by) return "";
  if (state !== "unconfirmed") return say(words.lapses, { time: on(by) });
  return say(words.lapsed, { state: last ? FACTS.states[last.state] : "", time: on(by) });
}

/** @param {Intake} intake */
function said({ said_by: saidBy, confirmed_at: confirmed, since }) {
  if (!saidBy) return words.said_nobody;
  return say(words[`said_${saidBy}`], { time: on(confirmed ?? since ?? "") });
}

/** @param {Glance} glance */
function reminded({ reminders, people }) {
  if (!reminders) return [words.unknown];
  if (!reminders.length) return [words.none_reminded];
  return groupsOf(reminders, on).map(({ time, mails }) => {
    const addresses = mails.map(({ person_id: id }) => people?.find((person) => person.id === id)?.email);
    const who = joinWords(addresses.map((email) => email ?? words.somebody));
    return say(time ? words.reminded : words.being_reminded, { who, why: words[`mail_${mails[0].kind}`], time });
  });
}

/** @param {Glance} glance */
function people({ people }) {
  if (!people) return [words.unknown];
  const { length: count } = people.filter(isReminded);
  const texts = [count ? sayCount(words.are_reminded, count, { count }) : words.nobody];
  if (people.length === 1) texts.push(words.only_one);
  for (const { email, mail } of people) {
    if (mail === "refused") texts.push(say(words.refused, { email: email ?? words.somebody }));
  }
  return texts;
}

/**
 * @param {Responder} responder
 * @param {HTMLElement} place
 */
function buttons(responder, place) {
  const { slug, intake } = responder;
  const name = balanced(responder.name);
  /** @type {(State | null)[]} */
  const states = ["open", "waiting_list", "paused"];
  if (intake.report || intake.last_report) states.unshift(null);
  const taking = states.map((state) => {
    const label = state ? FACTS.labels[state] : words.still_true;
    const button = buttonFor(label, name, () =>
      attempt(async () => {
        for (const below of findAll("tr.below", table)) below.hidden = below !== place.parentElement;
        await takeReport({ slug, state, place, button, published });
      }),
    );
    if (state) button.classList.add("to", state);
    return button;
  });
  const more = [
    ...(SENDS_MAIL ? [buttonFor(words.remind, name, () => attempt(() => remind(responder)))] : []),
    buttonFor(words.details, name, () => desk.show("listing", slug)),
    buttonFor(words.its_people, name, () => desk.show("people", slug)),
    buttonFor(words.delist, name, () => delist(responder)),
  ];
  const summary = createElement("summary", {}, words.more, createElement("span", { class: "away" }, ` ${name}`));
  return [
    createElement("div", { class: "buttons" }, ...taking),
    createElement("details", {}, summary, createElement("div", { class: "buttons" }, ...more)),
  ];
}

/**
 * @param {string} slug
 * @param {string} text
 */
async function published(slug, text) {
  await read();
  announce(slug, text);
}

/**
 * @param {string} slug
 * @param {string} text
 */
function announce(slug, text) {
  find(".done", section).textContent = text;
  focusOn(slug);
}

/** @param {Responder} responder */
async function remind({ slug, name }) {
  const path = `/v1/responders/${encodeURIComponent(slug)}/reminders`;
  const { people_count: people } = (await call("POST", path)).content;
  await read();
  const text = people ? sayCount(words.chased, people, { count: people, name: balanced(name) }) : words.chased_nobody;
  announce(slug, text);
}

/** @param {Responder} responder */
async function delist({ slug, name }) {
  if (isRunning()) return;
  const values = { name: balanced(name) };
  const sentences = [words.delisting_ends, words.delisting_keeps];
  if (!(await ask(say(words.delisting, values), sentences, { delist: words.delist_now }))) return;
  await attempt(async () => {
    await call("DELETE", `/v1/responders/${encodeURIComponent(slug)}`);
    await read();
    find(".done", section).textContent = say(words.delisted, values);
    find("h2", section).focus();
  });
}

/** Read everybody again once something has lapsed or a plan has started, unless a report is being taken. */
async function refreshIfDue() {
  if (!glances.some(({ responder }) => isDue(responder.intake)) || isTaking()) return;
  const focused = document.activeElement?.closest("tr[data-slug]");
  // Without a connection, what has lapsed must not stay as it was.
  const newGlances = await readGlances().catch(() => glances.map(lapsedIfDue));
  if (isTaking()) return;
  glances = newGlances;
  showRows();
  if (focused instanceof HTMLElement) focusOn(focused.dataset.slug ?? "");
}

function isTaking() {
  return section.hidden || isRunning() || !byId("told").hidden;
}

/** @param {Intake} intake */
function isDue({ state, confirm_by: by, planned }) {
  const lapsesAt = state === "unconfirmed" ? null : by;
  return [lapsesAt, planned?.effective_from].some((due) => due && Date.parse(due) <= serverNow());
}

/**
 * @param {Glance} glance
 * @returns {Glance}
 */
function lapsedIfDue(glance) {
  const { responder } = glance;
  const { report, last_report: last, ...intake } = responder.intake;
  if (!isDue(responder.intake)) return glance;
  // Whatever was planned is not known either.
  const lapsed = { ...intake, state: /** @type {State} */ ("unconfirmed"), last_report: report ?? last, planned: null };
  return { ...glance, responder: { ...responder, intake: lapsed } };
}

filter.addEventListener("input", filterRows);
setInterval(refreshIfDue, 5000);

// The part "List a charity": a form for a new responder, and for the details of one that is listed.

import { attemptsIn } from "./attempts.js";
import { Refusal, call, serverNow } from "./calls.js";
import { fillContact, readContact } from "./contact_fields.js";
import { byId, createElement, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { refuseUnreadable } from "./report_faults.js";
import { balanced, say, wallTime } from "./words.js";

/** @import { Contact, Desk, DetailedResponder } from "./types.js" */

// These stand alone: a tick on one takes the others away.
const ALONE = ["all", "unknown"];
const MAX_SLUG_LENGTH = 80;
/** The fields for the sets of a remit. */
const SETS = { areas: "areas", exploitation_types: "kinds", age_groups: "ages", genders: "genders" };
const PUBLISHED = /** @type {const} */ (["geography", "exploitation", "demographic", "limitation"]);
const words = WORDS.manage_listing;
const section = byId("listing");
const heading = find("h2", section);
const title = heading.textContent ?? "";
const listed = byId("listed");
const form = /** @type {HTMLFormElement} */ (byId("listing-form"));
const attempt = attemptsIn({
  fault: find(".fault", form),
  done: find(".done", section),
  form,
  refused({ status }) {
    if (status === 401) byId("signing").hidden = false;
  },
});
/** @type {Desk} */
let desk;
/** The responder whose details are changed; null for a new one. @type {DetailedResponder | null} */
let changed = null;
let etag = "";
// Whether the short name still follows the name.
let isSlugProposed = true;

/**
 * @param {Desk} newDesk
 * @param {string} [slug] the responder whose details are changed; without one, the form is for a new responder
 */
export async function open(newDesk, slug) {
  desk = newDesk;
  listed.hidden = true;
  if (slug) await openFor(slug);
  else if (changed) reset();
  if (!form.found_on.value) form.found_on.value = wallTime(serverNow()).slice(0, 10);
}

/** Make the form one for a new responder. */
function reset() {
  changed = null;
  isSlugProposed = true;
  form.reset();
  form.found_on.value = wallTime(serverNow()).slice(0, 10);
  showMode();
}

function showMode() {
  heading.textContent = changed ? say(words.change, { name: balanced(changed.name) }) : title;
  find('[data-pointer="/slug"]', form).hidden = Boolean(changed);
  byId("about-slug").hidden = Boolean(changed);
  byId("before-listing").hidden = Boolean(changed);
  byId("list-it").hidden = Boolean(changed);
  byId("change-it").hidden = !changed;
  byId("unchange").hidden = !changed;
  byId("own-contact").hidden = !changed || Boolean(changed.contact.source) || isEmpty(changed.contact);
}

/** @param {Contact} contact */
function isEmpty({ phone, email, url, hours }) {
  return !phone && !email && !url && !hours;
}

/** @param {string} slug */
async function openFor(slug) {
  const answer = await call("GET", path(slug));
  form.reset();
  changed = answer.content;
  etag = answer.etag;
  const { name, website, remit, contact } = answer.content;
  form.full_name.value = name;
  form.slug.value = slug;
  form.website.value = website ?? "";
  tick(
    "areas",
    remit.areas.map((/** @type {{ code: string }} */ { code }) => code),
  );
  tick("kinds", remit.exploitation_types);
  tick("ages", remit.age_groups);
  tick("genders", remit.genders);
  form.existing_clients_only.checked = remit.existing_clients_only;
  form.note.value = remit.note ?? "";
  form.list_title.value = remit.source?.title ?? "";
  form.list_url.value = remit.source?.url ?? "";
  form.list_published.value = remit.source?.published ?? "";
  for (const part of PUBLISHED) form[part].value = remit.as_published?.[part] ?? "";
  fillContact(form, contact);
  form.found_name.value = contact.source?.name ?? "";
  form.found_url.value = contact.source?.url ?? "";
  form.found_on.value = contact.source?.checked_on ?? "";
  showMode();
}

/** @param {string} slug */
function path(slug) {
  return `/v1/responders/${encodeURIComponent(slug)}`;
}

/**
 * @param {string} name
 * @param {string[]} codes
 */
function tick(name, codes) {
  for (const box of boxes(name)) box.checked = codes.includes(box.value);
}

/** @param {string} name */
function boxes(name) {
  return /** @type {HTMLInputElement[]} */ (findAll(`[name=${name}]`, form));
}

/** What the form holds, but for the short name. */
function readDetails() {
  const sets = Object.entries(SETS).map(([set, name]) => [
    set,
    boxes(name)
      .filter((box) => box.checked)
      .map((box) => box.value),
  ]);
  const published = PUBLISHED.map((part) => [part, text(part) || null]);
  return {
    name: text("full_name"),
    website: text("website") || null,
    contact: { ...readContact(form), source: readFound() },
    remit: {
      ...Object.fromEntries(sets),
      existing_clients_only: form.existing_clients_only.checked,
      note: text("note") || null,
      as_published: published.some(([, part]) => part) ? Object.fromEntries(published) : null,
      source: readList(),
    },
  };
}

/** @param {string} name */
function text(name) {
  return form[name].value.trim();
}

/** The official list; null if nothing is said of it. */
function readList() {
  const [list, url, published] = ["list_title", "list_url", "list_published"].map(text);
  return list || url || published ? { title: list, url: url || null, published } : null;
}

/** Where the contact was found; null if nothing is said of it. */
function readFound() {
  const [name, url] = ["found_name", "found_url"].map(text);
  return name || url ? { name, url, checked_on: text("found_on") } : null;
}

/** Refuse what lacks something, in words that the API cannot give: it would say that an empty text is no date. */
function refuseIncomplete() {
  refuseUnreadable(form);
  const missing = [
    ["full_name", "/name", words.enter_name],
    ...(readFound() ? [["found_on", "/contact/source/checked_on", words.enter_day]] : []),
  ].filter(([name]) => !text(name));
  const errors = missing.map(([, pointer, detail]) => ({ pointer, detail }));
  if (errors.length) throw new Refusal(WORDS.calls.fields, errors);
}

async function list() {
  refuseIncomplete();
  const body = { slug: text("slug"), ...readDetails() };
  const responder = (await call("POST", "/v1/responders", { body })).content;
  const owner = (await call("GET", `/v1/owners/${responder.id}`)).content;
  reset();
  showListed(responder, owner.suspended);
}

async function change() {
  refuseIncomplete();
  const { slug } = /** @type {DetailedResponder} */ (changed);
  await call("PATCH", path(slug), { body: readDetails(), headers: { "if-match": etag } });
  await openFor(slug);
  find(".done", section).textContent = say(words.changed, { name: balanced(changed?.name ?? "") });
  heading.focus();
}

/**
 * Say what was listed, and offer what comes next.
 * @param {DetailedResponder} responder
 * @param {boolean} isSuspended
 */
function showListed(responder, isSuspended) {
  const { slug, name } = responder;
  const values = { name: balanced(name) };
  const title = createElement("h3", { tabindex: "-1" }, say(words.listed, values));
  const buttons = createElement("p", { class: "buttons" });
  /** @type {(label: string, press: () => unknown) => void} */
  const offer = (label, press) => {
    const button = createElement("button", { type: "button" }, label);
    button.addEventListener("click", press);
    buttons.append(button);
  };
  if (isSuspended) offer(words.resume, () => attempt(() => resume(responder)));
  offer(words.invite, () => desk.show("people", slug));
  offer(words.report, () => desk.show("responders", slug));
  const next = createElement("p", {}, isSuspended ? words.still_suspended : words.next);
  listed.replaceChildren(title, next, buttons);
  listed.hidden = false;
  title.focus();
}

/** @param {DetailedResponder} responder */
async function resume(responder) {
  await call("PATCH", `/v1/owners/${responder.id}`, { body: { suspended: false } });
  showListed(responder, false);
  find(".done", section).textContent = say(words.resumed, { name: balanced(responder.name) });
}

/**
 * A short name from a name: "The Salvation Army" → "salvation-army".
 * @param {string} name
 */
export function slugOf(name) {
  return name
    .normalize("NFD")
    .replace(/[\u0300-\u036f'’]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-*(?:the-)?/, "")
    .slice(0, MAX_SLUG_LENGTH)
    .replace(/-+$/, "");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(changed ? change : list);
});
// Enter in a field does not publish: only the button does.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  byId(changed ? "change-it" : "list-it").focus();
});
form.full_name.addEventListener("input", () => {
  if (isSlugProposed && !changed) form.slug.value = slugOf(form.full_name.value);
});
form.slug.addEventListener("input", () => (isSlugProposed = !form.slug.value));
form.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLInputElement) || target.type !== "checkbox" || !target.checked) return;
  const isAlone = ALONE.includes(target.value);
  for (const box of boxes(target.name)) {
    if (box !== target && (isAlone || ALONE.includes(box.value))) box.checked = false;
  }
});
byId("unchange").addEventListener("click", () => {
  reset();
  desk.show("responders");
});

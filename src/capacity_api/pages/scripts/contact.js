// The form for how people reach a responder. What it publishes is the responder's own, without a source.

import { Refusal, call } from "./calls.js";
import { contactFaults, fillContact, readContact } from "./contact_fields.js";
import { byId } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { period } from "./report.js";
import { balanced, day, say } from "./words.js";

/** @import { Contact, Intake, OwnResponder } from "./types.js" */

const words = WORDS.contact;
const HOUR = 3_600_000;
const form = /** @type {HTMLFormElement} */ (byId("contact-form"));
// What the form was filled in with. It is filled in again when that changes, unless the user changed the form.
let filled = "";
let isChanged = false;
// The details as they were filled in.
let unchanged = "";

/**
 * Fill in the form with what is published.
 * @param {OwnResponder} responder
 */
export function showContact({ contact, website, intake }) {
  showHolds(intake);
  const published = JSON.stringify([contact, website]);
  if (isChanged || published === filled) return;
  filled = published;
  fillContact(form, contact);
  form.website.value = website ?? "";
  form.valid_for_hours.value = "";
  unchanged = JSON.stringify(readDetails());
  showFound(contact);
  const isEmpty = !contact.phone && !contact.email && !contact.url;
  /** @type {HTMLDetailsElement} */ (byId("contact")).open = isEmpty;
}

/** Forget what was entered, because it is about somebody else now. */
export function resetContact() {
  form.reset();
  filled = "";
  isChanged = false;
}

/** Whether something was entered that is not published. */
export function isContactChanged() {
  return isChanged;
}

function readDetails() {
  return { contact: readContact(form), website: form.website.value.trim() || null };
}

/**
 * Publish what the form holds, and return the answer.
 * @param {string} path of the responder
 * @param {string} etag
 */
export async function publishContact(path, etag) {
  const faults = contactFaults(form);
  if (faults.length) throw new Refusal(WORDS.calls.fields, faults);
  // Published nowhere, so the form does not know what it is.
  const hours = form.valid_for_hours.value;
  const validity = hours ? { valid_for_hours: Number(hours) } : {};
  const details = readDetails();
  // A change of the validity alone does not make somebody else's details the responder's own.
  const isOnlyValidity = hours && JSON.stringify(details) === unchanged;
  const body = isOnlyValidity ? validity : { ...details, ...validity };
  const answer = await call("PATCH", path, { body, headers: { "if-match": etag } });
  filled = "";
  isChanged = false;
  return answer;
}

/**
 * Say where the details are from, if the responder did not give them.
 * @param {Contact} contact
 */
function showFound({ source }) {
  const found = byId("contact-found");
  found.hidden = !source;
  if (!source) return;
  const checked = day(Date.parse(`${source.checked_on}T12:00:00Z`));
  found.textContent = say(words.found, { source: balanced(source.name), day: checked });
}

/**
 * Say for how long the report of now holds, if no last day decided that.
 * @param {Intake} intake
 */
function showHolds({ report, confirmed_at: confirmed, confirm_by: by }) {
  const hours = Math.round((Date.parse(by ?? "") - Date.parse(confirmed ?? "")) / HOUR);
  const isInDays = hours % 24 === 0;
  const length = isInDays ? hours / 24 : hours;
  const inWords = period({ min: length, max: length, unit: isInDays ? "days" : "hours" });
  byId("holds-now").textContent = report && !report.reopens_on && hours ? say(words.holds, { period: inWords }) : "";
}

form.addEventListener("input", () => (isChanged = true));

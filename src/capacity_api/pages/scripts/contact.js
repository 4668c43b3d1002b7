// The form for how people reach a responder. What it publishes is the responder's own, without a source.

import { call } from "./calls.js";
import { fillContact, readContact } from "./contact_fields.js";
import { byId } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { balanced, day, say } from "./words.js";

/** @import { Contact, OwnResponder } from "./types.js" */

const words = WORDS.contact;
const form = /** @type {HTMLFormElement} */ (byId("contact-form"));
// What the form was filled in with. It is filled in again when that changes, unless the user changed the form.
let filled = "";
let isChanged = false;

/**
 * Fill in the form with what is published.
 * @param {OwnResponder} responder
 */
export function showContact({ contact }) {
  const published = JSON.stringify(contact);
  if (isChanged || published === filled) return;
  filled = published;
  fillContact(form, contact);
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

/**
 * Publish what the form holds, and return the answer.
 * @param {string} path of the responder
 * @param {string} etag
 */
export async function publishContact(path, etag) {
  const answer = await call("PATCH", path, { body: { contact: readContact(form) }, headers: { "if-match": etag } });
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

form.addEventListener("input", () => (isChanged = true));

// The fields of contact_fields.html: how people reach a responder.

import { createElement, find, findAll } from "./dom.js";

/** @import { Contact, FieldError } from "./types.js" */

const TEXTS = /** @type {const} */ (["phone", "email", "url", "hours"]);
const TICKS = /** @type {const} */ (["all_hours", "interpreters"]);

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function field(form, name) {
  return /** @type {HTMLInputElement} */ (find(`[data-pointer="/contact/${name}"] input`, form));
}

/**
 * Fill in the fields with what is published.
 * @param {HTMLFormElement} form
 * @param {Contact} contact
 */
export function fillContact(form, contact) {
  for (const name of TEXTS) field(form, name).value = (name === "phone" ? contact.phone?.text : contact[name]) ?? "";
  for (const name of TICKS) field(form, name).checked = contact[name] === true;
  showLanguages(form, contact.languages);
}

/**
 * What the fields hold. What is left empty or is not ticked is not known.
 * @param {HTMLFormElement} form
 */
export function readContact(form) {
  const texts = TEXTS.map((name) => [name, field(form, name).value.trim() || null]);
  const ticks = TICKS.map((name) => [name, field(form, name).checked || null]);
  const ticked = /** @type {HTMLInputElement[]} */ (findAll(".languages-spoken input:checked", form));
  return { ...Object.fromEntries([...texts, ...ticks]), languages: ticked.map((box) => box.value) };
}

/**
 * What the page can see to be wrong: all of it at once, where the server names one fault at a time.
 * @param {HTMLFormElement} form
 * @returns {FieldError[]}
 */
export function contactFaults(form) {
  const phone = field(form, "phone").value;
  const email = field(form, "email").value.trim();
  const url = field(form, "url").value.trim();
  const website = form.website.value.trim();
  const isFault = {
    // A number in words, such as for a text relay, is left to the server.
    "/contact/phone": Boolean(phone) && !/\p{L}/u.test(phone) && phone.replace(/\D/g, "").length < 3,
    "/contact/email": Boolean(email) && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email),
    "/contact/url": Boolean(url) && !isWebAddress(url),
    "/website": Boolean(website) && !isWebAddress(website),
  };
  return Object.entries(isFault).flatMap(([pointer, isWrong]) => (isWrong ? [{ pointer, detail: "" }] : []));
}

/** @param {string} text */
function isWebAddress(text) {
  return /^https?:\/\/[^\s/]+\.[^\s/]/i.test(text);
}

/**
 * Tick the languages, and add those that the page does not offer.
 * @param {HTMLFormElement} form
 * @param {string[]} codes
 */
function showLanguages(form, codes) {
  const languages = find(".languages-spoken", form);
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: "language" });
  for (const code of codes) {
    if (languages.querySelector(`[value="${code}"]`)) continue;
    const box = createElement("input", { type: "checkbox", name: "languages", value: code });
    languages.append(createElement("label", { class: "tick" }, box, names.of(code) ?? code));
  }
  for (const box of /** @type {HTMLInputElement[]} */ (findAll("input", languages))) {
    box.checked = codes.includes(box.value);
  }
}

// Steps that the user takes, one at a time: the page is busy meanwhile, and says in words what was refused.

import { Question, Refusal, isSignedInByMail, setToken } from "./calls.js";
import { byId, createElement, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";

/** @import { FieldError } from "./types.js" */

// A step that takes longer than this is announced as being on its way.
const SLOW_AFTER = 1000;
const words = WORDS.calls;
let isBusy = false;
/** Called once the running step is over. @type {(() => void)[]} */
let waiting = [];

/** Whether a step of this page is running. */
export function isRunning() {
  return isBusy;
}

/** Wait until no step is running. A step that waits for this waits for itself. */
export async function idle() {
  while (isBusy) await new Promise((resolve) => waiting.push(() => resolve(null)));
}

/**
 * What runs the steps of a page, or of a part of it. A step that is refused says why in `fault`; the input stays.
 * @param {object} part
 * @param {HTMLElement} part.fault where a refusal is shown
 * @param {HTMLElement} part.done where it says what was done; a step empties it, and fills it in again
 * @param {HTMLElement} part.form where the fields are, in elements with a `data-pointer` into the body of the call
 * @param {(refusal: Refusal) => void | Promise<void>} [part.refused] called once a refusal is shown
 * @returns {(step: () => Promise<void>) => Promise<void>} does nothing while a step is running
 */
export function attemptsIn({ fault, done, form, refused }) {
  return async function attempt(step) {
    if (isBusy) return;
    isBusy = true;
    document.body.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => (done.textContent = words.sending), SLOW_AFTER);
    fault.hidden = true;
    done.textContent = "";
    for (const field of findAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const reason of findAll(".reason-beside")) reason.remove();
    try {
      await step();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      done.textContent = "";
      showRefusal(error, fault, form, attempt);
      await refused?.(error);
    } finally {
      isBusy = false;
      clearTimeout(slow);
      document.body.removeAttribute("aria-busy");
      for (const proceed of waiting) proceed();
      waiting = [];
    }
  };
}

/**
 * Ask to sign in again if a token ended while the page is open. The user's input stays. Who signed in by mail never saw
 * a token, and may have been removed: nothing that was read for this person stays in sight.
 * @param {number} status the status of a refusal
 */
export function signInAgain(status) {
  if (status !== 401) return;
  byId("signing").hidden = false;
  if (!isSignedInByMail()) return;
  setToken("");
  byId("desk").hidden = true;
  for (const each of findAll(".fault")) each.hidden = true;
  const fault = byId("fault");
  fault.replaceChildren(createElement("p", {}, words.signed_out));
  fault.hidden = false;
  fault.focus();
}

/**
 * @param {Refusal} refusal
 * @param {HTMLElement} fault
 * @param {HTMLElement} form
 * @param {(step: () => Promise<void>) => void} attempt
 */
function showRefusal(refusal, fault, form, attempt) {
  const { message, errors } = refusal;
  const items = errors.map((error) => createElement("li", {}, markField(error, form)));
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
 * Mark the field that an error is about, say beside it what is wrong, and return both in words.
 * @param {FieldError} error
 * @param {HTMLElement} form
 */
function markField({ pointer, detail }, form) {
  const parts = findAll("[data-pointer]", form);
  // A part within another stands after it, and knows better.
  const part = parts.filter((each) => `${pointer}/`.startsWith(`${each.dataset.pointer}/`)).at(-1);
  if (!part) return detail;
  const field = part.querySelector(`[name="${pointer.split("/").at(-1)}"]`) ?? find("input, select, textarea", part);
  field.setAttribute("aria-invalid", "true");
  for (const details of /** @type {HTMLDetailsElement[]} */ (findAll("details", form))) {
    details.open ||= details.contains(field);
  }
  const label = find("legend, .label, label", part).textContent;
  part.append(createElement("span", { class: "reason-beside" }, detail));
  return `${label}: ${detail}`;
}

// Steps that the user takes, one at a time: the page is busy meanwhile, and says in words what was refused.

import { Question, Refusal, isSignedInByMail, setToken } from "./calls.js";
import { byId, createElement, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { say } from "./words.js";

/** @import { FieldError } from "./types.js" */

// A step that takes longer than this is announced as being on its way.
const SLOW_AFTER = 1000;
// What the ids of reasons beside fields begin with.
const REASON = "reason-";
const words = WORDS.calls;
/** @type {Record<string, string>} */
const FAULTS = WORDS.faults;
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
    forgetFaults();
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

/** Take away what was said of the last refusal. */
function forgetFaults() {
  for (const field of findAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    const described = field.getAttribute("aria-describedby")?.split(" ") ?? [];
    const left = described.filter((id) => !id.startsWith(REASON));
    if (left.length) field.setAttribute("aria-describedby", left.join(" "));
    else field.removeAttribute("aria-describedby");
  }
  for (const reason of findAll(".reason-beside")) reason.remove();
}

/**
 * Say what was refused, with a link to each field at fault.
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
 * Mark the field that an error is about, say beside it what is wrong, and return a link to it in the same words.
 * @param {FieldError} error
 * @param {HTMLElement} form
 */
function markField(error, form) {
  const { pointer, detail } = error;
  const parts = findAll("[data-pointer]", form);
  // A part within another stands after it, and knows better.
  const part = parts.filter((each) => `${pointer}/`.startsWith(`${each.dataset.pointer}/`)).at(-1);
  if (!part) return detail;
  const label = find("legend, .label, label", part).textContent?.trim() ?? "";
  const text = say(FAULTS[keyOf(error)] ?? "{label}: {detail}", { label, detail });
  const field =
    part.querySelector(`[name="${pointer.split("/").at(-1)}"]`) ??
    findAll("input, select, textarea", part).find((each) => !each.closest("[hidden]")) ??
    find("input, select, textarea", part);
  for (const details of /** @type {HTMLDetailsElement[]} */ (findAll("details", form))) {
    details.open ||= details.contains(field);
  }
  describe(/** @type {HTMLElement} */ (field), part, text);
  const link = createElement("a", { href: `#${field.id}` }, text);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    /** @type {HTMLElement} */ (field).focus();
  });
  return link;
}

/**
 * Say beside a field what is wrong with it.
 * @param {HTMLElement} field
 * @param {HTMLElement} part
 * @param {string} text
 */
function describe(field, part, text) {
  const id = `${REASON}${findAll(".reason-beside").length}`;
  field.id ||= `field-${id}`;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", [id, field.getAttribute("aria-describedby") ?? ""].join(" ").trim());
  const reason = createElement("span", { class: "reason-beside", id }, text);
  // Gone together with the field, where another state hides it.
  if (part.dataset.for) reason.dataset.for = part.dataset.for;
  const legend = part.querySelector("legend");
  if (legend) legend.after(reason);
  else part.before(reason);
}

/**
 * The words of the page for an error: by its code, or by its pointer and the parts that it is in.
 * @param {FieldError} error
 */
function keyOf({ pointer, code }) {
  let key = code ?? pointer;
  while (key && !FAULTS[key]) key = key.slice(0, Math.max(0, key.lastIndexOf("/")));
  return key;
}

// What the server answers once: a new token, or a link that works once.

import { createElement } from "./dom.js";
import { WORDS } from "./desk_facts.js";

const words = WORDS.manage_once;

/**
 * A box with the secret, a button that copies it and one that takes it off the page.
 * @param {string} label what it is, and whose
 * @param {string} secret
 * @param {string} note until when it works, and how
 */
export function shownOnce(label, secret, note) {
  const field = /** @type {HTMLInputElement} */ (
    createElement("input", { readonly: "", autocomplete: "off", spellcheck: "false", dir: "ltr" })
  );
  field.value = secret;
  const copy = createElement("button", { type: "button" }, words.copy);
  const hide = createElement("button", { type: "button" }, words.hide);
  const status = createElement("span", { role: "status" });
  const box = createElement(
    "div",
    { class: "card once" },
    createElement("label", {}, createElement("span", { class: "label" }, label), field),
    createElement("p", {}, `${words.once} ${note}`),
    createElement("p", { class: "buttons" }, copy, hide, status),
  );
  copy.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(secret);
      status.textContent = words.copied;
    } catch {
      // A browser may forbid it, and offers it over HTTPS alone.
      status.textContent = words.selected;
    }
  });
  hide.addEventListener("click", () => {
    /** @type {HTMLElement | null} */ (
      box.closest("[tabindex]") ?? box.closest("section")?.querySelector("h2")
    )?.focus();
    box.remove();
  });
  return box;
}

/**
 * Show it in a place of the page, in place of what stood there, and take the user there.
 * @param {HTMLElement} place
 * @param {HTMLElement} box
 */
export function showOnceIn(place, box) {
  place.replaceChildren(box);
  const field = /** @type {HTMLInputElement} */ (box.querySelector("input"));
  field.focus();
  field.select();
}

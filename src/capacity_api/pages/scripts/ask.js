// Asks before something is done that nobody can undo.

import { createElement } from "./dom.js";
import { WORDS } from "./desk_facts.js";

/**
 * Ask in a dialog. The focus is on the button that leaves everything as it is, and goes back where it was.
 * @param {string} heading
 * @param {string[]} sentences what would happen
 * @param {Record<string, string>} answers the words of the buttons, by what is returned for each
 * @returns {Promise<string>} empty to leave everything as it is
 */
export function ask(heading, sentences, answers) {
  const leave = createElement("button", { type: "button" }, WORDS.manage_ask.leave);
  const buttons = Object.entries(answers).map(([value, words]) =>
    createElement("button", { type: "button", class: "grave", value }, words),
  );
  const dialog = /** @type {HTMLDialogElement} */ (
    createElement(
      "dialog",
      { class: "card", role: "alertdialog", "aria-labelledby": "h-ask", "aria-describedby": "asked" },
      createElement("h2", { id: "h-ask" }, heading),
      createElement("div", { id: "asked" }, ...sentences.map((sentence) => createElement("p", {}, sentence))),
      createElement("p", { class: "buttons" }, ...buttons, leave),
    )
  );
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLButtonElement) dialog.close(target.value);
    });
    document.body.append(dialog);
    dialog.showModal();
    leave.focus();
  });
}

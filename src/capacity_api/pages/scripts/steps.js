// The steps of a form in the browser's history, so that a phone's back button goes one step back and loses nothing.
// No address changes, and nothing that was entered is in the history: only the step, and the state that was chosen.

/**
 * @typedef {object} Step
 * @property {"choose" | "fields" | "published"} name
 * @property {string} [state] the state that was chosen
 * @property {number} [steps] how many steps of this page are before it in the history; `leave.js` goes back so far
 */

/** @returns {Step} */
function current() {
  return history.state ?? { name: "choose" };
}

/**
 * Note the step that the user has come to. The same step again, with another state, is no further step.
 * @param {Step} step
 */
export function goTo(step) {
  const { name, steps = 0 } = current();
  if (step.name === name) history.replaceState({ ...step, steps }, "");
  else history.pushState({ ...step, steps: steps + 1 }, "");
}

/**
 * Show a step when the user goes back or forward to it.
 * @param {(step: Step) => void} show
 */
export function onStep(show) {
  addEventListener("popstate", () => show(current()));
}

// Short ways to find and create elements.

/**
 * The element with this id. The template has it, so a missing one is a bug.
 * @param {string} id
 */
export function byId(id) {
  return find(`#${id}`);
}

/**
 * The first element that matches; a missing one is a bug.
 * @param {string} selector
 * @param {ParentNode} within
 */
export function find(selector, within = document) {
  const element = /** @type {HTMLElement | null} */ (within.querySelector(selector));
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/**
 * @param {string} selector
 * @param {ParentNode} within
 */
export function findAll(selector, within = document) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (within.querySelectorAll(selector))];
}

/**
 * The element that an event happened in, if `selector` matches it.
 * @param {Event} event
 * @param {string} selector
 */
export function closest(event, selector) {
  const { target } = event;
  return target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(selector)) : null;
}

/**
 * A new element. Strings become text, never markup.
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} contents
 */
export function createElement(name, attributes, ...contents) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...contents);
  return element;
}

// What the parts of the coordinator's page share.

import { attemptsIn, signInAgain } from "./attempts.js";
import { Refusal, call } from "./calls.js";
import { find } from "./dom.js";

// More than that are more than a page can show.
const MOST = 10_000;

/**
 * What runs the steps of one part, or of a form in it: a refusal is shown in its `.fault`, and what was done in the
 * `.done` of the part.
 * @param {HTMLElement} section
 * @param {HTMLElement} form
 */
export function stepsOf(section, form = section) {
  return attemptsIn({
    fault: find(".fault", form),
    done: find(".done", section),
    form,
    refused: ({ status }) => signInAgain(status),
  });
}

/**
 * Every item of a list, page by page.
 * @param {string} path
 * @returns {Promise<any[]>}
 */
export async function readAll(path) {
  const items = [];
  const query = path.includes("?") ? "&" : "?";
  let cursor = "";
  do {
    const { content } = await call("GET", `${path}${query}limit=200${cursor}`);
    items.push(...content.items);
    cursor = content.next ? `&cursor=${encodeURIComponent(content.next)}` : "";
  } while (cursor && items.length < MOST);
  return items;
}

/**
 * The same; null where this service has no such list.
 * @param {string} path
 * @returns {Promise<any[] | null>}
 */
export async function readAllIfAny(path) {
  try {
    return await readAll(path);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

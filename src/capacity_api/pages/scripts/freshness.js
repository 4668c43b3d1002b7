// Asks the server for changes, and says how old the page is while the server does not answer.

import { byId } from "./dom.js";
import { moment, sayCount } from "./words.js";

/** @import { ServerClock } from "./clock.js" */
/** @import { Forms } from "./types.js" */

// A browser would wait for minutes on a connection that was lost silently.
const ANSWER_WITHIN = 20_000;

/** Screen readers read out what is written here. */
export const news = byId("news");
const age = byId("age");
let isAsking = false;

/**
 * Ask the server, unless we are still waiting for an answer. `failed` is called on an error or after 20 seconds.
 * @param {(signal: AbortSignal) => Promise<void>} request
 * @param {() => void} failed
 */
export async function ask(request, failed) {
  if (isAsking) return;
  isAsking = true;
  const controller = new AbortController();
  const timeout = setTimeout(() => controller.abort(), ANSWER_WITHIN);
  try {
    await request(controller.signal);
  } catch {
    failed();
  } finally {
    clearTimeout(timeout);
    isAsking = false;
  }
}

/**
 * Say from when the page is, and read it out the first time.
 * @param {Forms} message with a plural by the minutes
 * @param {number} at
 * @param {number} milliseconds how long ago that is
 */
export function showAge(message, at, milliseconds) {
  const isFirst = age.hidden;
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  age.textContent = sayCount(message, minutes, { time: moment(at), minutes });
  age.hidden = false;
  if (isFirst) news.textContent = age.textContent;
}

/** @param {string} message read out if the page was old */
export function hideAge(message) {
  if (!age.hidden) news.textContent = message;
  age.hidden = true;
}

/**
 * This page as the server has it now; no script in it runs. A page without an element `id` is an error: it is not ours.
 * @param {string} id
 * @param {AbortSignal} signal
 * @param {ServerClock} [clock] set by the answer
 * @returns {Promise<Document>}
 */
export function fetchPage(id, signal, clock) {
  return new Promise((resolve, reject) => {
    // Unlike fetch, this has the browser parse the page.
    const request = new XMLHttpRequest();
    request.open("GET", location.pathname);
    request.responseType = "document";
    request.onload = () => {
      if (!request.response?.getElementById(id)) return reject(new Error("the answer is not this page"));
      clock?.setBy({ get: (name) => request.getResponseHeader(name) });
      resolve(request.response);
    };
    request.onerror = request.onabort = reject;
    signal.addEventListener("abort", () => request.abort());
    request.send();
  });
}

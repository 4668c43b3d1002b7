// The page as the server has it now, and how old what is shown is when the server cannot be asked.

import { moment, say, words } from "./words.js";

// A connection that was lost without a word would keep a browser waiting for minutes.
const ANSWERED_WITHIN = 20_000;

export const news = document.getElementById("news");
const age = document.getElementById("age");
let asking = false;

/** Take one step of asking the server, unless one is being taken; `failed` when it does not come to its end in time. */
export async function ask(step, failed) {
  if (asking) return;
  asking = true;
  const waiting = new AbortController();
  const patience = setTimeout(() => waiting.abort(), ANSWERED_WITHIN);
  try {
    await step(waiting.signal);
  } catch {
    failed();
  } finally {
    clearTimeout(patience);
    asking = false;
  }
}

/** Say that what is shown is of `at`, so many milliseconds ago; aloud once. */
export function tellAge(at, ago) {
  const first = age.hidden;
  age.textContent = say(words.stale, { time: moment(at), minutes: Math.max(0, Math.floor(ago / 60_000)) });
  age.hidden = false;
  if (first) news.textContent = age.textContent;
}

export function tellFresh() {
  if (!age.hidden) news.textContent = words.fresh;
  age.hidden = true;
}

/** A document of its own, in which nothing runs; one without an element of this id is none of ours. */
export function fetchPage(id, signal) {
  return new Promise((resolve, reject) => {
    // The browser parses it.
    const request = new XMLHttpRequest();
    request.open("GET", location.pathname);
    request.responseType = "document";
    request.onload = () => (request.response?.getElementById(id) ? resolve(request.response) : reject());
    request.onerror = request.onabort = reject;
    signal.addEventListener("abort", () => request.abort());
    request.send();
  });
}

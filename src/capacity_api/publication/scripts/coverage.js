// Keeps the picture true while the page is open, and says how old it is where that fails.

import { ANSWERED_WITHIN, fetchPage } from "./page.js";
import { moment, say, words } from "./words.js";

const ASK_EVERY = 60_000;
const PARTS = ["now", "picture", "gaps"];
const news = document.getElementById("news");
const age = document.getElementById("age");

let read = Date.now();
let asking = false;

function asOf() {
  return Date.parse(document.querySelector("#now time").dateTime);
}

async function ask() {
  if (asking) return;
  asking = true;
  const waiting = new AbortController();
  const patience = setTimeout(() => waiting.abort(), ANSWERED_WITHIN);
  try {
    const page = await fetchPage("picture", waiting.signal);
    const replaced = PARTS.filter((id) => {
      const [shown, fresh] = [document, page].map((each) => each.getElementById(id));
      const same = shown.isEqualNode(fresh);
      if (!same) shown.replaceWith(fresh);
      return !same;
    });
    read = Date.now();
    if (!age.hidden) news.textContent = words.fresh;
    if (replaced.includes("picture")) news.textContent = words.changed;
    age.hidden = true;
  } catch {
    const first = age.hidden;
    const minutes = Math.max(0, Math.floor((Date.now() - read) / 60_000));
    age.textContent = say(words.stale, { time: moment(asOf()), minutes });
    age.hidden = false;
    if (first) news.textContent = age.textContent;
  } finally {
    clearTimeout(patience);
    asking = false;
  }
}

setInterval(() => document.hidden || ask(), ASK_EVERY);
for (const event of ["visibilitychange", "online", "offline", "pageshow"]) {
  // A page that was just loaded is as new as it gets.
  addEventListener(event, ({ persisted }) => persisted === false || document.hidden || ask());
}

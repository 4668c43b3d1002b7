// Keeps the picture true while the page is open, and says how old it is where that fails.

import { ask, fetchPage, news, tellAge, tellFresh } from "./page.js";
import { words } from "./words.js";

const ASK_EVERY = 60_000;
const PARTS = ["now", "picture", "gaps"];

let read = Date.now();

function asOf() {
  return Date.parse(document.querySelector("#now time").dateTime);
}

async function follow(signal) {
  const page = await fetchPage("picture", signal);
  const replaced = PARTS.filter((id) => {
    const [shown, fresh] = [document, page].map((each) => each.getElementById(id));
    const same = shown.isEqualNode(fresh);
    if (!same) shown.replaceWith(fresh);
    return !same;
  });
  read = Date.now();
  tellFresh();
  if (replaced.includes("picture")) news.textContent = words.changed;
}

const refresh = () => document.hidden || ask(follow, () => tellAge(asOf(), Date.now() - read));

setInterval(refresh, ASK_EVERY);
for (const event of ["visibilitychange", "online", "offline", "pageshow"]) {
  // A page that was just loaded is as new as it gets.
  addEventListener(event, ({ persisted }) => persisted === false || refresh());
}

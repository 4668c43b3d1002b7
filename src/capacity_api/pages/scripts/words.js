// Words from the catalogue, and times as the server writes them: UK time, "1 December 2026, 09:15".

import { FACTS } from "./facts.js";

export const { words } = FACTS;

let format = null;

/** What a clock in the UK shows: "2026-12-03T09:00". */
export function wallTime(at) {
  // Made when first wanted: the first one of a page takes longer than all the rest of its start.
  format ??= new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/London", dateStyle: "short", timeStyle: "short" });
  return format.format(at).replace(" ", "T");
}

/** "…{name}…" with its values. */
export function say(message, values = {}) {
  return message.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function day(at) {
  const [year, month, date] = wallTime(at).split(/\D/).map(Number);
  return say(words.day, { day: date, month: FACTS.months[month - 1], year });
}

export function moment(at) {
  return say(words.moment, { day: day(at), time: wallTime(at).slice(-5) });
}

/** An element with text or elements in it; text only ever becomes text. */
export function element(name, attributes, ...contents) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...contents);
  return made;
}

const CLOSES = { "\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c" };
for (const opens of "\u2066\u2067\u2068") CLOSES[opens] = "\u2069";

/** `text` with its bidirectional marks closed, line by line, and stray closing marks dropped (wording.balanced). */
export function balanced(text) {
  return text.split("\n").map(balancedLine).join("\n");
}

function balancedLine(line) {
  const closers = [];
  let kept = "";
  for (const character of line) {
    if (CLOSES[character]) closers.push(CLOSES[character]);
    else if (character === "\u202c" || character === "\u2069") {
      if (closers.at(-1) !== character) continue;
      closers.pop();
    }
    kept += character;
  }
  return kept + closers.reverse().join("");
}

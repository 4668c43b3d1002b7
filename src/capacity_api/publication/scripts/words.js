// Words from the catalogue, and times as the server writes them: UK time, "1 December 2026, 09:15".

import { FACTS } from "./facts.js";

export const { words } = FACTS;

const { lang } = document.documentElement;
const locale = lang === "en" ? "en-GB" : lang;
const zone = { timeZone: "Europe/London", calendar: "gregory" };
const FORMATS = {
  day: [locale, { ...zone, day: "numeric", month: "long", year: "numeric" }],
  time: [locale, { ...zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }],
  // "2026-12-03 09:00", as a field has it.
  wall: ["sv-SE", { ...zone, dateStyle: "short", timeStyle: "short" }],
};
const made = {};

/** Made when first wanted: the first one of a page takes longer than all the rest of its start. */
export function formatted(kind, at) {
  made[kind] ??= new Intl.DateTimeFormat(...FORMATS[kind]);
  return made[kind].format(at);
}

/** "…{name}…" with its values. */
export function say(message, values = {}) {
  return message.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function moment(at) {
  return say(words.moment, { day: day(at), time: formatted("time", at) });
}

export function day(at) {
  return formatted("day", at);
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

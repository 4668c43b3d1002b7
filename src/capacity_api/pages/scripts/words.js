// Sentences from the catalogue, and times as the server writes them: UK time, "1 December 2026, 09:15".

import { FACTS, WORDS, pluralForm } from "./facts.js";

/** @import { Forms, Labels } from "./types.js" */

const HOUR = 3_600_000;
/** @type {Intl.DateTimeFormat | undefined} */
let format;

/**
 * What a clock in the UK shows: "2026-12-03T09:00".
 * @param {number} at
 */
export function wallTime(at) {
  // Created on first use: the first format of a page takes longer than everything else at its start.
  format ??= new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/London", dateStyle: "short", timeStyle: "short" });
  return format.format(at).replace(" ", "T");
}

/**
 * A message with its placeholders, "…{name}…", filled in.
 * @param {string} message
 * @param {Record<string, unknown>} values
 */
export function say(message, values) {
  return message.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * The message for a code of the server; the code itself where this page has no words for it.
 * @param {Record<string, unknown>} messages
 * @param {string} code
 * @param {string} prefix what stands before the code in the key of the message
 */
export function inWords(messages, code, prefix = "") {
  return String(messages[prefix + code] ?? code);
}

/**
 * A message in the plural form for a number.
 * @param {Forms} forms
 * @param {number} number
 * @param {Record<string, unknown>} values
 */
export function sayCount(forms, number, values) {
  return say(forms[pluralForm(number)], values);
}

/**
 * "a, b, c" in the language of the page, by the patterns of Unicode CLDR (wording.join_items).
 * @param {string[]} items
 */
export function joinItems(items) {
  if (!items.length) return "";
  return items.reduce((list, item) => fillPattern("middle", list, item));
}

/**
 * "a, b and c". `isCompound`: one of the words has an "and" or "or" of its own (wording.join_words).
 * @param {string[]} words
 * @param {boolean} isCompound
 */
export function joinWords(words, isCompound = false) {
  if (words.length < 2) return words.join("");
  const last = words[words.length - 1];
  const others = words.slice(0, -1);
  if (isCompound) return say(WORDS.lists.compound, { words: joinItems(others), last });
  if (others.length === 1) return fillPattern("2", others[0], last);
  const [first, second, ...rest] = others;
  const start = fillPattern("start", first, second);
  return fillPattern("end", joinItems([start, ...rest]), last);
}

/**
 * The labels of some codes as "a, b and c".
 * @param {string[]} codes
 * @param {Labels} labels
 */
export function joinLabels(codes, labels) {
  return joinWords(
    codes.map((code) => labels[code][0]),
    codes.some((code) => labels[code][1]),
  );
}

/**
 * @param {"2" | "start" | "middle" | "end"} pattern
 * @param {string} before
 * @param {string} after
 */
function fillPattern(pattern, before, after) {
  return say(FACTS.list_patterns[pattern], { 0: before, 1: after });
}

/** @param {number} at */
export function day(at) {
  const [year, month, date] = wallTime(at).split(/\D/).map(Number);
  return say(WORDS.times.day, { day: date, month: FACTS.months[month - 1], year });
}

/** @param {number} at */
export function moment(at) {
  return say(WORDS.times.moment, { day: day(at), time: clockTime(at) });
}

/**
 * "09:15". In the hour of October that comes twice, "01:30 BST" and an hour later "01:30 GMT".
 * @param {number} at
 */
function clockTime(at) {
  const wall = wallTime(at);
  const time = wall.slice(-5);
  if (wallTime(at + HOUR) === wall) return say(WORDS.times.summer, { time });
  if (wallTime(at - HOUR) === wall) return say(WORDS.times.winter, { time });
  return time;
}

const POP_EMBEDDING = "\u202c";
const POP_ISOLATE = "\u2069";
/** @type {Record<string, string>} */
const CLOSING_MARKS = {};
for (const mark of "\u202a\u202b\u202d\u202e") CLOSING_MARKS[mark] = POP_EMBEDDING;
for (const mark of "\u2066\u2067\u2068") CLOSING_MARKS[mark] = POP_ISOLATE;

/**
 * `text` with its bidirectional marks closed line by line, and stray closing marks removed (wording.balanced).
 * @param {string} text
 */
export function balanced(text) {
  return text.split("\n").map(balancedLine).join("\n");
}

/** @param {string} line */
function balancedLine(line) {
  const open = [];
  let result = "";
  for (const character of line) {
    if (CLOSING_MARKS[character]) {
      open.push(CLOSING_MARKS[character]);
    } else if (character === POP_EMBEDDING || character === POP_ISOLATE) {
      if (open.at(-1) !== character) continue;
      open.pop();
    }
    result += character;
  }
  return result + open.reverse().join("");
}

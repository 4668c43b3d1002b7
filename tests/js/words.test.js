import assert from "node:assert/strict";
import { test } from "node:test";

import { balanced, day, joinItems, joinWords, moment, say, sayCount, wallTime } from "#scripts/words.js";

test("a message is filled in, also where a value looks like a placeholder", () => {
  assert.equal(say("{name}: {state}, {name}", { name: "{state}", state: "open" }), "{state}: open, {state}");
});

test("a message has the plural form for its number", () => {
  const forms = { 0: "{count} day", 1: "{count} days" };
  for (const [count, text] of /** @type {[number, string][]} */ ([
    [0, "0 days"],
    [1, "1 day"],
    [2, "2 days"],
  ])) {
    assert.equal(sayCount(forms, count, { count }), text);
  }
});

test("words are joined as in a sentence", () => {
  assert.equal(joinWords([]), "");
  assert.equal(joinWords(["a"]), "a");
  assert.equal(joinWords(["a", "b"]), "a and b");
  assert.equal(joinWords(["a", "b", "c"]), "a, b and c");
  assert.equal(joinWords(["a", "b", "c", "{0}"]), "a, b, c and {0}");
  assert.equal(joinWords(["a and b", "c"], true), "a and b, and c");
  assert.equal(joinWords(["a and b", "c", "d"], true), "a and b, c, and d");
});

test('items are joined without an "and"', () => {
  assert.equal(joinItems([]), "");
  assert.equal(joinItems(["a", "b", "c"]), "a, b, c");
});

test("a time is the UK's, in winter and in summer", () => {
  assert.equal(wallTime(Date.parse("2026-12-03T09:05:00Z")), "2026-12-03T09:05");
  assert.equal(wallTime(Date.parse("2026-07-01T08:05:00Z")), "2026-07-01T09:05");
});

test("days and moments are written as the server writes them", () => {
  assert.equal(day(Date.parse("2026-12-01T12:00:00Z")), "1 December 2026");
  assert.equal(moment(Date.parse("2026-12-01T09:15:00Z")), "1 December 2026, 09:15");
  // Midnight is not 24:00, and the day is the UK's.
  assert.equal(moment(Date.parse("2026-06-30T23:00:00Z")), "1 July 2026, 00:00");
});

test("the hour of October that comes twice says which of the two is meant", () => {
  for (const [at, time] of [
    ["2027-10-31T00:00:00Z", "01:00 BST"],
    ["2027-10-31T00:30:00Z", "01:30 BST"],
    ["2027-10-31T01:30:00Z", "01:30 GMT"],
    ["2027-10-30T23:59:00Z", "00:59"],
    ["2027-10-31T02:00:00Z", "02:00"],
    // In spring an hour is left out, and none is doubtful.
    ["2027-03-28T00:59:00Z", "00:59"],
    ["2027-03-28T01:00:00Z", "02:00"],
  ]) {
    assert.equal(moment(Date.parse(at)).split(", ")[1], time);
  }
});

for (const [name, text, expected] of [
  ["plain text stays", "Tara", "Tara"],
  ["an open mark is closed at the end of its line", "a\u202eb\nc", "a\u202eb\u202c\nc"],
  ["marks are closed from the inside out", "\u2067a\u202eb", "\u2067a\u202eb\u202c\u2069"],
  ["a closed mark stays", "\u2068a\u2069b", "\u2068a\u2069b"],
  ["a stray closing mark goes", "a\u202cb\u2069c", "abc"],
  ["a closing mark of the other kind goes", "\u2067a\u202cb\u2069", "\u2067ab\u2069"],
]) {
  test(`bidirectional marks: ${name}`, () => assert.equal(balanced(text), expected));
}

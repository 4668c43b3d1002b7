import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { holdsUntil, people, period, planParagraphs, reportParagraphs, ukTime, until } from "#scripts/report.js";

/** @import { ExpectedResponse, Intake, Report } from "#scripts/types.js" */

/** @param {Partial<Report>} report */
function texts(report) {
  return reportParagraphs({ state: "open", exceptions: [], ...report }).map(({ strong, text }) =>
    strong ? `${strong} ${text}` : text,
  );
}

test('people are a list, with a comma before the last where one of them has an "or" of its own', () => {
  assert.equal(people([]), "");
  assert.equal(people(["detention"]), "people in detention");
  assert.equal(people(["detention", "other_urgent"]), "people in detention and other urgent cases");
  assert.equal(people(["homelessness", "detention"]), "people who are homeless or destitute, and people in detention");
});

for (const [min, max, unit, expected] of /** @type {[number, number, ExpectedResponse["unit"], string][]} */ ([
  [5, 10, "working_days", "5 to 10 working days"],
  [1, 1, "weeks", "1 week"],
  [0, 1, "days", "up to 1 day"],
  [2, 2, "hours", "2 hours"],
])) {
  test(`${min} to ${max} ${unit} is "${expected}"`, () => assert.equal(period({ min, max, unit }), expected));
}

describe("times", () => {
  test("midnight in the UK is the end of the day before", () => {
    assert.equal(until(Date.parse("2026-12-02T00:00:00Z")), "the end of 1 December 2026");
    assert.equal(until(Date.parse("2026-06-30T23:00:00Z")), "the end of 30 June 2026");
    assert.equal(until(Date.parse("2026-12-02T09:05:00Z")), "2 December 2026, 09:05");
  });

  for (const [wall, utc] of [
    ["2026-07-01T09:00", "2026-07-01T08:00:00.000Z"],
    ["2026-12-03T09:00", "2026-12-03T09:00:00.000Z"],
    // The hour that comes twice, and the one that is left out.
    ["2026-10-25T01:30", "2026-10-25T00:30:00.000Z"],
    ["2027-03-28T01:30", "2027-03-28T01:30:00.000Z"],
  ]) {
    test(`${wall} in the UK is ${utc}`, () => assert.equal(new Date(ukTime(wall)).toISOString(), utc));
  }
});

describe("a report in words", () => {
  test("an open responder without a response time", () => {
    assert.deepEqual(texts({}), ["Response: no timeframe can be given"]);
  });

  test("a pause says first who is still taken, and until when", () => {
    const paused = texts({ state: "paused", exceptions: ["detention"], reopens_on: "2026-12-31", reason: "staffing" });
    assert.match(paused[0], /^Still takes .+\. Until 31 December 2026, by its own account\.$/);
    assert.match(paused[1], /^Reason given: .+\.$/);
  });

  test("a pause without exceptions and without an end says both", () => {
    assert.equal(texts({ state: "paused" })[0], "No exceptions were named. It has not said until when.");
  });

  test("a note keeps its lines and cannot turn the text around it", () => {
    const [note] = reportParagraphs({ state: "open", exceptions: [], note: "One\n\u202eTwo" });
    assert.deepEqual(note, { kind: "note", text: "One\n\u202eTwo\u202c" });
  });

  test("a plan says from when, until when and who is still taken", () => {
    const [paragraph] = planParagraphs({
      state: "paused",
      exceptions: ["detention"],
      effective_from: "2026-12-03T09:00:00Z",
      reopens_on: "2026-12-31",
    });
    assert.equal(paragraph.strong, "Planned: paused from 3 December 2026, 09:00 until 31 December 2026.");
    assert.match(paragraph.text, /^Will still take .+\.$/);
  });
});

describe("until when a state holds", () => {
  /** @param {Partial<Intake>} intake */
  const holds = (intake) => holdsUntil({ state: "open", exceptions: [], ...intake });

  test("a report that is not published yet has no end", () => assert.equal(holds({}), ""));

  test("a published one holds until it has to be confirmed", () => {
    const intake = { reported_state: /** @type {const} */ ("open"), confirm_by: "2026-12-02T00:00:00Z" };
    assert.equal(holds(intake), "as confirmed until the end of 1 December 2026");
  });

  test("a lapsed one says nothing about now", () => {
    const intake = { reported_state: /** @type {const} */ ("open"), confirm_by: "2026-12-02T00:00:00Z" };
    assert.match(holds({ ...intake, state: "unconfirmed" }), /lapsed on the end of 1 December 2026\. It says nothing/);
  });

  test("without any report there is none to lapse", () => {
    assert.match(holds({ state: "unconfirmed", reported_state: null, confirm_by: null }), /^It has not reported/);
  });
});

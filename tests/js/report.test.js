import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  holdsUntil,
  people,
  period,
  planParagraphs,
  reportParagraphs,
  startOfDay,
  ukTime,
  until,
} from "#scripts/report.js";

/** @import { ExpectedTime, Intake, Remit, Report } from "#scripts/types.js" */

/** @type {Remit} */
const REMIT = {
  areas: [{ code: "K02000001" }],
  exploitation_types: ["unknown"],
  age_groups: ["adult"],
  genders: ["all"],
  existing_clients_only: false,
};
const LIMIT = { areas: ["E12000007"], exploitation_types: ["all"], age_groups: ["all"], genders: ["woman"] };
const WEEKS = { min: 2, max: 4, unit: /** @type {const} */ ("weeks") };

/** @param {import("#scripts/types.js").Paragraph[]} paragraphs */
function texts(paragraphs) {
  return paragraphs.map(({ strong, text }) => [strong, text].filter(Boolean).join(" "));
}

/** @param {Partial<Report>} report */
function reportTexts(report) {
  return texts(reportParagraphs({ state: "open", exceptions: [], ...report }, REMIT));
}

/** @param {Partial<Report>} report */
function planTexts(report) {
  const plan = {
    effective_from: "2026-12-03T09:00:00Z",
    report: { state: /** @type {const} */ ("paused"), exceptions: [], ...report },
  };
  return texts(planParagraphs(plan, REMIT));
}

test('people are a list, with a comma before the last where one of them has an "or" of its own', () => {
  assert.equal(people([]), "");
  assert.equal(people(["detention"]), "people in detention");
  assert.equal(people(["detention", "other_urgent"]), "people in detention and other urgent cases");
  assert.equal(people(["homelessness", "detention"]), "people who are homeless or destitute, and people in detention");
});

for (const [min, max, unit, expected] of /** @type {[number, number, ExpectedTime["unit"], string][]} */ ([
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
  test("silence about the time, and that none can be given, are told apart", () => {
    assert.deepEqual(reportTexts({}), ["Response: It has not said how long a reply takes"]);
    assert.deepEqual(reportTexts({ no_timeframe: true }), ["Response: Cannot say how long a reply takes"]);
  });

  test("the time to an answer and the time to a referral stand apart", () => {
    assert.deepEqual(reportTexts({ expected_response: { min: 5, max: 10, unit: "days" }, expected_referral: WEEKS }), [
      "Response: 5 to 10 days: expected, not guaranteed",
      "Referral to the NRM: 2 to 4 weeks: expected, not guaranteed",
    ]);
  });

  test("a limit comes first", () => {
    assert.equal(reportTexts({ limited_to: LIMIT, reason: "staffing" })[0], "For now only: Adult women · London.");
  });

  test("a pause says first who is still taken, and until when", () => {
    const exceptions = ["detention", "existing_client"];
    const paused = reportTexts({ state: "paused", exceptions, reopens_on: "2026-12-31", reason: "staffing" });
    assert.equal(
      paused[0],
      "Still takes people in detention and its existing clients. Expects to stay paused through 31 December 2026.",
    );
    assert.match(paused[1], /^Reason given: .+\.$/);
  });

  test("a pause without exceptions and without an end says both", () => {
    assert.equal(reportTexts({ state: "paused" })[0], "It listed no exceptions. It has not said until when.");
  });

  test("a note keeps its lines and cannot turn the text around it", () => {
    const [note] = reportParagraphs({ state: "open", exceptions: [], note: "One\n\u202eTwo" }, REMIT);
    assert.deepEqual(note, { kind: "note", text: "One\n\u202eTwo\u202c" });
  });

  test("a plan says from when, until when, who is still taken, why and how long", () => {
    assert.deepEqual(
      planTexts({
        exceptions: ["detention"],
        reason: "planned",
        reopens_on: "2026-12-31",
        note: "Closed",
        no_timeframe: true,
      }),
      [
        "Planned: paused from 3 December 2026, 09:00 until 31 December 2026.",
        "From 3 December 2026, 09:00: Will still take people in detention. Reason given: planned.",
        "Closed",
        "Response then: Cannot say how long a reply takes",
      ],
    );
  });

  test("a plan says what it is limited to, and nothing of what was not said", () => {
    assert.deepEqual(planTexts({ state: "waiting_list", limited_to: LIMIT, expected_referral: WEEKS }), [
      "Planned: waiting list from 3 December 2026, 09:00.",
      "From 3 December 2026, 09:00: Then only: Adult women · London.",
      "Referral to the NRM then: 2 to 4 weeks: expected, not guaranteed",
    ]);
  });
});

describe("whose word a state is, and until when it holds", () => {
  /** @type {Report} */
  const report = { state: "open", exceptions: [] };
  /** @type {Intake} */
  const published = {
    state: "open",
    report,
    said_by: "responder",
    confirmed_at: "2026-11-25T09:05:00Z",
    confirm_by: "2026-12-02T00:00:00Z",
  };
  /** @type {Intake} */
  const lapsed = { ...published, state: "unconfirmed", report: null, last_report: report };

  test("a report that is not published yet has no end", () => {
    assert.equal(holdsUntil({ state: "open", report }, "Unseen"), "");
  });

  test("only a responder confirms", () => {
    assert.equal(
      holdsUntil(published, "Unseen"),
      "Confirmed by Unseen on 25 November 2026, 09:05. It holds until the end of 1 December 2026.",
    );
    const told = holdsUntil({ ...published, said_by: "coordinator" }, "Unseen");
    assert.equal(told, "We were told this on 25 November 2026, 09:05. It holds until the end of 1 December 2026.");
    const counted = holdsUntil(
      { ...published, said_by: "threshold", since: "2026-11-24T12:00:00Z", confirmed_at: null },
      "Unseen",
    );
    assert.equal(
      counted,
      "Paused since 24 November 2026, 12:00: it reached its own limit. It holds until the end of 1 December 2026.",
    );
  });

  test("a lapsed one says nothing about now", () => {
    assert.equal(
      holdsUntil(lapsed, "Unseen"),
      "Last confirmed “open” on 25 November 2026, 09:05. We do not know about today.",
    );
    const told = holdsUntil({ ...lapsed, said_by: "coordinator" }, "Unseen");
    assert.equal(told, "Its last report (“open”) ended on 2 December 2026, 00:00. We do not know about today.");
  });

  test("without any report there is none to lapse", () => {
    const never = { state: /** @type {const} */ ("unconfirmed"), report: null, last_report: null, confirm_by: null };
    assert.match(holdsUntil(never, "Unseen"), /^It has not joined/);
  });
});

test("a day begins at midnight in the UK, in winter and in summer", () => {
  assert.equal(startOfDay("", 1), "");
  assert.equal(startOfDay("2026-11-27", 0), "2026-11-27T00:00:00.000Z");
  assert.equal(startOfDay("2026-07-31", 0), "2026-07-30T23:00:00.000Z");
  assert.equal(startOfDay("2026-07-31", 1), "2026-07-31T23:00:00.000Z");
  assert.equal(startOfDay("2026-10-25", 1), "2026-10-26T00:00:00.000Z");
  assert.equal(startOfDay("2026-12-31", 1), "2027-01-01T00:00:00.000Z");
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { personalIn } from "#scripts/note.js";

for (const [note, expected] of /** @type {[string, string[]][]} */ ([
  ["Ring 020 7946 0000 before noon", ["phone"]],
  ["Ring 07700900123", ["phone"]],
  ["+44 (0)20 7946 0000", ["phone"]],
  ["(01632) 960-001", ["phone"]],
  ["Write to jane.doe@example.org.uk", ["email"]],
  ["We are at 12a High Street now", ["address"]],
  ["Come to 3 St Mary’s road", ["address"]],
  ["PO Box 17", ["address"]],
  ["Flat 4 is free", ["address"]],
  ["Near SW1A 2AA", ["postcode"]],
  ["near m1 1ae", ["postcode"]],
  ["Ask for Jane", ["name"]],
  ["please speak to Nguyễn on Monday", ["name"]],
  ["Mrs Okafor is away", ["name"]],
  ["Jane Smith is away", ["name"]],
  ["Our worker Mary-Ann O’Neill is away", ["name"]],
  ["Ask for Jane: 020 7946 0000, jane@example.org", ["phone", "email", "name"]],
])) {
  test(`${note}: ${expected.join(", ")}`, () => assert.deepEqual(personalIn(note), expected));
}

for (const note of [
  "",
  "Full for now.",
  "Ring before ten.",
  "Please ring before 10:00.",
  "Ask for Monday",
  "Closed from 24 December to 2 January 2027",
  "From 2026-12-03 09:00 we take ten people a week",
  "Open 9am to 5pm, at 4 9am is full",
  "About 5 to 10 working days, 2 weeks on the way",
  "0 places until 31/12/2026",
  "Only for the West Midlands and Greater Manchester",
  "Northern Ireland: ring the Modern Slavery Helpline",
  "Referrals from First Responders only. Please use the National Referral Mechanism",
  "Vietnamese and Albanian speakers: open. We Are Full.",
]) {
  test(`nothing about a person: ${note}`, () => assert.deepEqual(personalIn(note), []));
}

test("the responder’s own name is no secret", () => {
  assert.deepEqual(personalIn("Medaille Oxford is closed"), ["name"]);
  assert.deepEqual(personalIn("Medaille Oxford is closed", "Medaille Oxford"), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { disputesSince, groupsOf, isReminded } from "#scripts/manage_glance.js";

/** @import { Dispute, Intake, Mail, OwnerRef, Person, Responder } from "#scripts/types.js" */

/** @type {OwnerRef} */
const HELPLINE = { type: "partner", id: "0190b5b4-6d3e-7cc1-8f0a-2a5f1f0f3a11", name: "Helpline", slug: null };
const RUNG_AT = "2026-11-27T09:15:00Z";
const BEFORE = "2026-11-27T09:00:00Z";
const AFTER = "2026-11-27T10:00:00Z";
/** @type {Mail} */
const SENT = {
  kind: "lapsed",
  person_id: "0190b5b4-6d3e-7cc1-8f0a-2a5f1f0f3a12",
  slug: "tara",
  status: "sent",
  created_at: BEFORE,
  finished_at: RUNG_AT,
};

/** @param {Intake} intake */
function isDisputed(intake) {
  const dispute = /** @type {Dispute} */ ({
    id: "0190b5b4-6d3e-7cc1-8f0a-2a5f1f0f3a10",
    slug: "tara",
    partner: HELPLINE,
    found: "paused",
    shown: "open",
    at: RUNG_AT,
  });
  return disputesSince(/** @type {Responder} */ ({ slug: "tara", intake }), [dispute]).length === 1;
}

test("a report answers a dispute, and so does a threshold's pause, which nobody confirms", () => {
  assert.ok(isDisputed({ state: "open", confirmed_at: BEFORE, since: BEFORE }));
  assert.ok(!isDisputed({ state: "open", confirmed_at: AFTER, since: BEFORE }));
  assert.ok(isDisputed({ state: "paused", confirmed_at: null, since: BEFORE }));
  assert.ok(!isDisputed({ state: "paused", confirmed_at: null, since: AFTER }));
});

test("a lapse answers no dispute", () => {
  assert.ok(isDisputed({ state: "unconfirmed", confirmed_at: BEFORE, since: AFTER }));
  assert.ok(isDisputed({ state: "unconfirmed", confirmed_at: null, since: AFTER }));
  assert.ok(isDisputed({ state: "unconfirmed", confirmed_at: null, since: null }));
});

test("a reminder says of each mail whether and when it was sent", () => {
  const later = { ...SENT, finished_at: AFTER };
  /** @type {Mail} */
  const waiting = { ...SENT, status: "waiting", finished_at: null };
  assert.deepEqual(
    groupsOf([SENT, waiting, later, SENT], (time) => `on ${time}`),
    [
      { time: `on ${RUNG_AT}`, mails: [SENT, SENT] },
      { time: "", mails: [waiting] },
      { time: `on ${AFTER}`, mails: [later] },
    ],
  );
});

test("only somebody with the role whom mail reaches is reminded", () => {
  /** @type {Person} */
  const person = {
    id: "0190b5b4-6d3e-7cc1-8f0a-2a5f1f0f3a12",
    email: "ann@tara.example",
    owner: HELPLINE,
    roles: ["editor", "reminded"],
    mail: "ok",
    created_at: BEFORE,
  };
  assert.ok(isReminded(person));
  assert.ok(!isReminded({ ...person, roles: ["editor"] }));
  assert.ok(!isReminded({ ...person, mail: "refused" }));
});

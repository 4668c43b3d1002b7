import assert from "node:assert/strict";
import { test } from "node:test";

import { deliveryInWords, reasonInWords, statusInWords, urgency } from "#scripts/webhook_words.js";

/** @import { Attempt, Delivery, Webhook } from "#scripts/access.js" */

/** @type {Webhook} */
const WEBHOOK = {
  id: "0190b5b4-6d3e-7cc1-8f0a-2a5f1f0f3a10",
  owner: { type: "partner", id: "0190b5b4-6d3e-7cc1-8f0a-2a5f1f0f3a11", name: "Helpline", slug: null },
  url: "https://helpline.example/hook",
  description: null,
  status: "active",
  disabled_reason: null,
  failing_since: null,
  next_attempt_at: null,
};
/** @type {Attempt} */
const ATTEMPT = { at: "2026-11-27T09:15:00Z", status: 204, duration_ms: 12, reason: null };
/** @type {Delivery} */
const DELIVERY = {
  id: "0190b5b4-6d3e-7cc1-8f0a-2a5f1f0f3a12",
  type: "intake.paused",
  sequence: 41,
  status: "delivered",
  attempts: [],
  next_attempt_at: null,
  created_at: "2026-11-27T09:14:00Z",
};

test("those that fail stand before those that are disabled, and these before the others", () => {
  const failing = urgency({ ...WEBHOOK, failing_since: ATTEMPT.at });
  const disabled = urgency({ ...WEBHOOK, status: "disabled", failing_since: ATTEMPT.at });
  assert.ok(failing > disabled);
  assert.ok(disabled > urgency(WEBHOOK));
});

test("a webhook without a failure is not called a working one", () => {
  assert.deepEqual(statusInWords(WEBHOOK, ""), ["We know of no failure now."]);
});

test("a failing webhook says since when, why, and when we try again", () => {
  const failing = { ...WEBHOOK, failing_since: "2026-11-27T09:15:00Z", next_attempt_at: "2026-11-27T10:15:00Z" };
  assert.deepEqual(statusInWords(failing, "its server answered 500"), [
    "Failing since 27 November 2026, 09:15.",
    "Why: its server answered 500.",
    "We try again on 27 November 2026, 10:15.",
  ]);
  assert.deepEqual(statusInWords({ ...failing, next_attempt_at: null }, ""), [
    "Failing since 27 November 2026, 09:15.",
  ]);
});

test("a disabled webhook says by whom, and why if it had failed", () => {
  /** @param {string | null} reason */
  const disabled = (reason) => statusInWords({ ...WEBHOOK, status: "disabled", disabled_reason: reason }, "a timeout");
  assert.deepEqual(disabled("owner"), ["Disabled by its owner."]);
  assert.deepEqual(disabled("failing"), ["Disabled: it failed for five days.", "Why: a timeout."]);
  assert.deepEqual(disabled(null), ["Disabled."]);
});

test("the reason of an attempt is in words, and a status is said", () => {
  assert.equal(reasonInWords({ ...ATTEMPT, status: 500, reason: "http_500" }), "its server answered 500");
  assert.equal(
    reasonInWords({ ...ATTEMPT, status: null, reason: "timeout" }),
    "its server gave no whole answer within 15 seconds",
  );
  assert.equal(reasonInWords({ ...ATTEMPT, status: null, reason: "newer_than_the_page" }), "newer_than_the_page");
  assert.equal(reasonInWords(ATTEMPT), "it arrived (204)");
});

test("a delivery says its last attempt, or when it was made", () => {
  assert.equal(
    deliveryInWords({
      ...DELIVERY,
      attempts: [{ ...ATTEMPT, at: "2026-11-27T09:00:00Z", reason: "timeout" }, ATTEMPT],
    }),
    "27 November 2026, 09:15 · delivered · it arrived (204)",
  );
  assert.equal(deliveryInWords({ ...DELIVERY, status: "pending" }), "27 November 2026, 09:14 · not there yet");
});

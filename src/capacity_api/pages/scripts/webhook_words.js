// How a webhook and its deliveries are, in words.

import { WORDS } from "./desk_facts.js";
import { inWords, moment, say } from "./words.js";

/** @import { Attempt, Delivery, Webhook } from "./access.js" */

const words = WORDS.manage_webhooks;

/**
 * Those that fail stand first, then those that are disabled.
 * @param {Webhook} webhook
 */
export function urgency({ status, failing_since: since }) {
  if (status === "disabled") return 1;
  return since ? 2 : 0;
}

/** @param {Attempt} attempt */
export function reasonInWords({ reason, status }) {
  if (!reason) return say(words.arrived_with, { status });
  if (reason.startsWith("http_")) return say(words.reason_http, { status: reason.slice("http_".length) });
  return inWords(words, reason, "reason_");
}

/**
 * @param {Webhook} webhook
 * @param {string} why
 */
export function statusInWords({ status, disabled_reason: disabled, failing_since: since, next_attempt_at: next }, why) {
  const reason = why ? say(words.why, { reason: why }) : "";
  if (status === "disabled") {
    const sentence = inWords(words, disabled ?? "", "disabled_") || words.disabled;
    return disabled === "failing" && reason ? [sentence, reason] : [sentence];
  }
  if (!since) return [words.works];
  const sentences = [say(words.failing, { time: moment(Date.parse(since)) })];
  if (reason) sentences.push(reason);
  if (next) sentences.push(say(words.next_attempt, { time: moment(Date.parse(next)) }));
  return sentences;
}

/** @param {Delivery} delivery */
export function deliveryInWords({ status, attempts, created_at: created }) {
  const last = attempts.at(-1);
  const parts = [moment(Date.parse(last?.at ?? created)), inWords(words, status, "delivery_")];
  if (last) parts.push(reasonInWords(last));
  return parts.join(" · ");
}

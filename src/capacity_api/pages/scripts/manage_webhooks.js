// The part "Webhooks": those that fail first, why, and a test.

import { ask } from "./ask.js";
import { isRunning } from "./attempts.js";
import { call } from "./calls.js";
import { byId, createElement, find } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { readAll, stepsOf } from "./manage_desk.js";
import { buttonFor, keyOf, nameOf, readOwners } from "./manage_owners.js";
import { deliveryInWords, reasonInWords, statusInWords, urgency } from "./webhook_words.js";
import { say, sayCount } from "./words.js";

/** @import { Delivery, Webhook } from "./access.js" */
/** @import { Desk } from "./types.js" */

const words = WORDS.manage_webhooks;
const section = byId("webhooks");
const done = find(".done", section);
const attempt = stepsOf(section);
// How many of the newest deliveries are shown.
const NEWEST = 10;
// How often the result of a test is asked for, and for how long: its endpoint has 15 seconds to answer.
const ASK_EVERY = 500;
const ASK_FOR = 25_000;
/** @type {Desk} */
let desk;
/** @type {Webhook[]} */
let webhooks = [];
/** The keys of the owners that are suspended. @type {Set<string>} */
let suspended = new Set();

/** @param {Desk} newDesk */
export async function open(newDesk) {
  desk = newDesk;
  await read();
}

async function read() {
  const [found, owners] = await Promise.all([readAll("/v1/webhooks"), readOwners(desk)]);
  webhooks = found;
  suspended = new Set(owners.filter((owner) => owner.suspended).map(keyOf));
  webhooks.sort((one, other) => urgency(other) - urgency(one));
  const troubled = webhooks.filter(urgency);
  const reasons = new Map(
    await Promise.all(troubled.map(async (each) => /** @type {const} */ ([each.id, await whyOf(each)]))),
  );
  const rows = webhooks.map((webhook) => webhookRow(webhook, reasons.get(webhook.id) ?? ""));
  find(".list", section).replaceChildren(...rows);
  find(".none", section).hidden = webhooks.length > 0;
}

/**
 * Why the newest attempt that failed did, in words; empty if none is known.
 * @param {Webhook} webhook
 */
async function whyOf({ id }) {
  const { items } = (await call("GET", `/v1/webhooks/${id}/deliveries?limit=${NEWEST}`)).content;
  const failed = /** @type {Delivery[]} */ (items)
    .flatMap(({ attempts }) => attempts)
    .filter(({ reason }) => reason)
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  return failed.length ? reasonInWords(failed[0]) : "";
}

/**
 * @param {Webhook} webhook
 * @param {string} why
 */
function webhookRow(webhook, why) {
  const { id, owner, url, description, status } = webhook;
  const about = description ?? url;
  const buttons = [buttonFor(words.test, about, () => attempt(() => test(webhook)))];
  if (status === "active") buttons.push(buttonFor(words.disable, about, () => disable(webhook)));
  else buttons.push(buttonFor(words.enable, about, () => attempt(() => enable(webhook))));
  const deliveries = createElement("div", {});
  const details = /** @type {HTMLDetailsElement} */ (
    createElement("details", {}, createElement("summary", {}, words.newest), deliveries)
  );
  details.addEventListener("toggle", () => details.open && attempt(() => showDeliveries(id, deliveries)));
  const heading = createElement("h3", { id: `webhook-${id}`, tabindex: "-1" }, createElement("bdi", {}, about));
  return createElement(
    "section",
    { class: `owner ${urgency(webhook) ? "troubled" : ""}`, "aria-labelledby": `webhook-${id}` },
    heading,
    ...(desk.isAdmin ? [createElement("p", {}, createElement("bdi", {}, nameOf(owner)))] : []),
    ...(description ? [createElement("p", { class: "small soft" }, url)] : []),
    createElement("p", {}, statusInWords(webhook, why).join(" ")),
    ...(suspended.has(keyOf(owner)) ? [createElement("p", { class: "hint" }, words.suspended)] : []),
    createElement("p", { class: "buttons" }, ...buttons),
    details,
  );
}

/**
 * @param {string} id
 * @param {HTMLElement} place
 */
async function showDeliveries(id, place) {
  const { items } = (await call("GET", `/v1/webhooks/${id}/deliveries?limit=${NEWEST}`)).content;
  const rows = /** @type {Delivery[]} */ (items).map((delivery) =>
    createElement("li", {}, createElement("strong", {}, delivery.type), ` ${deliveryInWords(delivery)}`),
  );
  place.replaceChildren(rows.length ? createElement("ul", { class: "rows" }, ...rows) : words.no_delivery);
}

/** @param {Webhook} webhook */
async function test({ id, url }) {
  const sent = (await call("POST", `/v1/webhooks/${id}/test`, { body: {} })).content;
  const { status, attempts } = await resultOf(id, sent.id);
  const last = attempts.at(-1);
  const result = last ? reasonInWords(last) : "";
  const message = status === "delivered" ? words.test_arrived : result ? words.test_failed : words.test_waits;
  await showChange(id, say(message, { url, result }));
}

/**
 * What became of a delivery, once its endpoint has answered or it has waited long enough.
 * @param {string} webhookId
 * @param {string} id
 * @returns {Promise<Delivery>}
 */
async function resultOf(webhookId, id) {
  const end = performance.now() + ASK_FOR;
  for (;;) {
    const { items } = (await call("GET", `/v1/webhooks/${webhookId}/deliveries?type=webhook.test&limit=5`)).content;
    const delivery = /** @type {Delivery[]} */ (items).find((each) => each.id === id);
    const isFinished = delivery && (delivery.attempts.length > 0 || delivery.status !== "pending");
    if (delivery && (isFinished || performance.now() > end)) return delivery;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
  }
}

/** @param {Webhook} webhook */
async function disable({ id, url, owner }) {
  if (isRunning()) return;
  const sentences = [words.disabling_keeps];
  if (desk.isAdmin) sentences.push(say(words.disabling_by_administrator, { owner: nameOf(owner) }));
  if (!(await ask(say(words.disabling, { url }), sentences, { disable: words.disable_now }))) return;
  await attempt(async () => {
    await call("PATCH", `/v1/webhooks/${id}`, { body: { status: "disabled" } });
    await showChange(id, say(words.is_disabled, { url }));
  });
}

/** @param {Webhook} webhook */
async function enable({ id, url }) {
  const { missed } = (await call("POST", `/v1/webhooks/${id}/enable`)).content;
  await showChange(id, sayCount(words.is_enabled, missed.event_count, { url, events: missed.event_count }));
}

/**
 * @param {string} id
 * @param {string} text
 */
async function showChange(id, text) {
  await read();
  done.textContent = text;
  byId(`webhook-${id}`).focus();
}

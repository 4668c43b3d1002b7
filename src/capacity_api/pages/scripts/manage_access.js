// The part "Tokens and links": which tokens hold and which links bring one, handing one over, and suspending an owner.

import { ask } from "./ask.js";
import { isRunning } from "./attempts.js";
import { call, serverNow } from "./calls.js";
import { byId, createElement, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { readAll, stepsOf } from "./manage_desk.js";
import { handOver, withdrawLink } from "./manage_handover.js";
import {
  announceFor,
  buttonFor,
  chosenOwner,
  keyOf,
  nameOf,
  offerOwners,
  ownerGroup,
  placeOf,
  readOwners,
} from "./manage_owners.js";
import { showOnceIn, shownOnce } from "./shown_once.js";
import { forgetToken } from "./signing.js";
import { moment, say } from "./words.js";

/** @import { Owner, Token } from "./access.js" */
/** @import { Desk, OpenLink } from "./types.js" */

// For how long a token that was replaced goes on working, in hours.
const OVERLAP = 24;
const words = WORDS.manage_access;
const section = byId("access");
const form = /** @type {HTMLFormElement} */ (byId("hand-over"));
const attempt = stepsOf(section);
const attemptForm = stepsOf(section, form);
/** @type {Desk} */
let desk;
/** @type {Owner[]} */
let owners = [];
/** @type {Token[]} */
let tokens = [];
/** @type {OpenLink[]} */
let handovers = [];

/** @param {Desk} newDesk */
export async function open(newDesk) {
  desk = newDesk;
  form.hidden = !desk.isAdmin;
  await read();
}

async function read() {
  /** @type {OpenLink[]} */
  let links;
  [owners, tokens, links] = await Promise.all([
    readOwners(desk),
    readAll("/v1/tokens"),
    desk.isAdmin ? readAll("/v1/links") : [],
  ]);
  handovers = links.filter((link) => link.kind === "handover");
  offerOwners(form.owner, owners);
  offerScopes();
  show();
}

function show() {
  const withEnded = /** @type {HTMLInputElement} */ (byId("with-ended")).checked;
  const shown = tokens.filter((token) => withEnded || !endOf(token));
  find(".list", section).replaceChildren(...owners.map((owner) => tokensOf(owner, shown)));
}

/** The scopes are a choice for responders alone: any other owner has one. */
function offerScopes() {
  const owner = owners.find((each) => keyOf(each) === form.owner.value);
  find("[data-pointer='/scopes']", form).hidden = owner?.type !== "responder";
}

/**
 * Why a token does not hold any more; empty if it does.
 * @param {Token} token
 */
function endOf({ revoked_at: revoked, expires_at: until }) {
  if (revoked) return say(words.revoked_on, { time: moment(Date.parse(revoked)) });
  if (until && Date.parse(until) <= serverNow()) return say(words.ended_on, { time: moment(Date.parse(until)) });
  return "";
}

/**
 * @param {Owner} owner
 * @param {Token[]} shown
 */
function tokensOf(owner, shown) {
  const own = shown.filter((token) => keyOf(token.owner) === keyOf(owner));
  const handed = handovers.filter((link) => keyOf(link.owner) === keyOf(owner));
  const change = owner.suspended
    ? buttonFor(words.resume, nameOf(owner), () => resume(owner))
    : buttonFor(words.suspend, nameOf(owner), () => suspend(owner));
  return ownerGroup(
    "access",
    owner,
    ...(owner.suspended ? [createElement("p", { class: "hint" }, suspendedSince(owner))] : []),
    ...(own.length ? [] : [createElement("p", { class: "soft" }, words.no_token)]),
    createElement("ul", { class: "rows" }, ...own.map((token) => tokenRow(owner, token)), ...handed.map(handoverRow)),
    ...(desk.isAdmin && owner.type !== "admin" ? [createElement("p", { class: "buttons" }, change)] : []),
  );
}

/** @param {Owner} owner */
function suspendedSince({ suspended_at: since }) {
  return say(words.suspended_since, { time: moment(Date.parse(since ?? "")) });
}

/**
 * @param {Owner} owner
 * @param {Token} token
 */
function tokenRow(owner, token) {
  const end = endOf(token);
  const facts = [end || validity(token), lastUse(token)];
  if (token.successor_id) facts.push(words.replaced);
  if (!token.reviewed) facts.push(words.unreviewed);
  const about = labelOf(token);
  const buttons = end ? [] : [buttonFor(words.revoke, about, () => revoke(owner, token))];
  // Signing in again is how such a token is replaced.
  const canRotate = !end && !token.successor_id && !token.person_id;
  if (canRotate) buttons.unshift(buttonFor(words.rotate, about, () => rotate(owner, token)));
  return createElement(
    "li",
    {},
    createElement("p", {}, createElement("strong", {}, createElement("bdi", {}, about))),
    createElement("p", { class: "small" }, facts.join(" ")),
    createElement("p", { class: "buttons" }, ...buttons),
  );
}

/** @param {OpenLink} link */
function handoverRow(link) {
  const about = link.label ?? words.no_label;
  const withdraw = () =>
    attempt(async () => {
      await withdrawLink(link);
      await read();
      announceFor(section, link.owner, say(words.link_withdrawn, { token: about }));
    });
  return createElement(
    "li",
    {},
    createElement("p", {}, createElement("strong", {}, createElement("bdi", {}, about))),
    createElement("p", { class: "small" }, say(words.link_open, { time: moment(Date.parse(link.expires_at)) })),
    createElement("p", { class: "buttons" }, buttonFor(words.withdraw, about, withdraw)),
  );
}

/** @param {Token} token */
function labelOf(token) {
  return isOwn(token) ? say(words.own, { label: plainLabel(token) }) : plainLabel(token);
}

/** @param {Token} token */
function plainLabel({ label, person_id: person }) {
  return label ?? (person ? words.signed_in : words.no_label);
}

/** @param {Token} token */
function isOwn({ id }) {
  return id === desk.me.token_id;
}

/** @param {Token} token */
function validity({ expires_at: until }) {
  return until ? say(words.works_until, { time: moment(Date.parse(until)) }) : words.never_ends;
}

/** @param {Token} token */
function lastUse({ last_used_at: used }) {
  return used ? say(words.last_used, { time: moment(Date.parse(used)) }) : words.never_used;
}

/**
 * @param {Owner} owner
 * @param {Token} token
 */
async function rotate(owner, token) {
  const heading = say(words.rotation, { token: labelOf(token), owner: nameOf(owner) });
  if (isRunning() || !(await ask(heading, [words.rotation_ends], { rotate: words.rotate_now }))) return;
  await attempt(async () => {
    const body = { overlap_hours: OVERLAP };
    const { token: secret, expires_at: until } = (await call("POST", `/v1/tokens/${token.id}/rotate`, { body }))
      .content;
    const note = until ? say(words.works_until, { time: moment(Date.parse(until)) }) : words.never_ends;
    await read();
    showOnceIn(placeOf("access", owner), shownOnce(say(words.new_token_for, { owner: nameOf(owner) }), secret, note));
  });
}

/**
 * @param {Owner} owner
 * @param {Token} token
 */
async function revoke(owner, token) {
  if (isRunning()) return;
  const values = { token: labelOf(token), owner: nameOf(owner) };
  const sentences = [say(words.revocation_ends, values)];
  /** @type {Record<string, string>} */
  const answers = { revoke: words.revoke_now };
  if (isOwn(token)) sentences.push(words.revocation_of_own);
  else if (desk.isAdmin && owner.type !== "admin" && !owner.suspended) {
    sentences.push(say(words.revocation_offers, values));
    answers.suspend = say(words.revoke_and_suspend, values);
  }
  const answer = await ask(say(words.revocation, values), sentences, answers);
  if (!answer) return;
  await attempt(async () => {
    await call("DELETE", `/v1/tokens/${token.id}`);
    if (isOwn(token)) return forgetToken();
    if (answer === "suspend") await setSuspended(owner, true);
    await read();
    announceFor(section, owner, say(answer === "suspend" ? words.revoked_and_suspended : words.revoked, values));
  });
}

/** @param {Owner} owner */
async function suspend(owner) {
  if (isRunning()) return;
  const values = { owner: nameOf(owner) };
  const heading = say(words.suspension, values);
  if (!(await ask(heading, [words.suspension_ends, words.suspension_keeps], { suspend: words.suspend_now }))) return;
  await attempt(async () => {
    await setSuspended(owner, true);
    await read();
    announceFor(section, owner, say(words.suspended, values));
  });
}

/** @param {Owner} owner */
function resume(owner) {
  return attempt(async () => {
    await setSuspended(owner, false);
    await read();
    announceFor(section, owner, say(words.resumed, { owner: nameOf(owner) }));
  });
}

/**
 * @param {Owner} owner
 * @param {boolean} suspended
 */
async function setSuspended(owner, suspended) {
  await call("PATCH", `/v1/owners/${owner.id}`, { body: { suspended } });
}

async function handOverForm() {
  const owner = chosenOwner(form.owner, owners);
  const boxes = /** @type {HTMLInputElement[]} */ (findAll("[name=scopes]:checked", form));
  const scopes = owner.type === "responder" ? boxes.map((box) => box.value) : null;
  await handOver(owner, form.label.value.trim(), scopes, find(".made", form));
  await read();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attemptForm(handOverForm);
});
form.owner.addEventListener("change", offerScopes);
byId("with-ended").addEventListener("change", show);

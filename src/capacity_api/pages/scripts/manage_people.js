// The part "People": whose address belongs to which owner, who may sign in, who is reminded, and who is invited.

import { ask } from "./ask.js";
import { isRunning } from "./attempts.js";
import { call } from "./calls.js";
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
import { forgetToken } from "./signing.js";
import { moment, say } from "./words.js";

/** @import { Owner } from "./access.js" */
/** @import { Desk, OpenLink, Person } from "./types.js" */

const words = WORDS.manage_people;
const section = byId("people");
const form = /** @type {HTMLFormElement} */ (byId("add-person"));
const attempt = stepsOf(section);
const attemptForm = stepsOf(section, form);
/** @type {Desk} */
let desk;
/** @type {Owner[]} */
let owners = [];
/** @type {Person[]} */
let people = [];
/** @type {OpenLink[]} */
let invitations = [];

/**
 * @param {Desk} newDesk
 * @param {string} [slug] the responder to go to
 */
export async function open(newDesk, slug) {
  desk = newDesk;
  await read();
  const owner = owners.find((each) => each.slug === slug);
  if (!slug || !owner) return;
  form.owner.value = slug;
  announceFor(section, owner, "");
}

async function read() {
  /** @type {OpenLink[]} */
  let links;
  [owners, people, links] = await Promise.all([readOwners(desk), readAll("/v1/people"), readAll("/v1/links")]);
  invitations = links.filter((link) => link.kind === "invitation");
  offerOwners(form.owner, owners);
  find(".list", section).replaceChildren(...owners.map(peopleOf));
}

/** @param {Owner} owner */
function peopleOf(owner) {
  const own = people.filter((person) => keyOf(person.owner) === keyOf(owner));
  const invited = invitations.filter((link) => keyOf(link.owner) === keyOf(owner));
  const link = buttonFor(words.hand_over, say(words.to_owner, { owner: nameOf(owner) }), () =>
    attempt(() => handOver(owner, "", null, placeOf("people", owner))),
  );
  return ownerGroup(
    "people",
    owner,
    ...hintsAbout(owner, own).map((hint) => createElement("p", { class: "hint" }, hint)),
    createElement(
      "ul",
      { class: "rows" },
      ...own.map((person) => personRow(person, own.length === 1)),
      ...invited.map(invitationRow),
    ),
    ...(desk.isAdmin && !owner.suspended ? [createElement("p", { class: "buttons" }, link)] : []),
  );
}

/**
 * @param {Owner} owner
 * @param {Person[]} own
 */
function hintsAbout({ suspended }, own) {
  if (suspended) return [words.suspended];
  if (!own.length) return [words.nobody];
  if (own.length === 1) return [words.only_one];
  return [];
}

/**
 * @param {Person} person
 * @param {boolean} isLast
 */
function personRow(person, isLast) {
  const refused = createElement("p", { class: "wrong" }, words.mail_refused);
  return createElement(
    "li",
    {},
    createElement("p", {}, createElement("strong", {}, emailOf(person))),
    createElement("p", { class: "small" }, rolesInWords(person.roles)),
    ...(person.mail === "refused" ? [refused] : []),
    createElement(
      "p",
      { class: "buttons" },
      buttonFor(words.remove, emailOf(person), () => remove(person, isLast)),
    ),
  );
}

/** @param {OpenLink} link */
function invitationRow(link) {
  const state = say(words.invited_until, { time: moment(Date.parse(link.expires_at)) });
  return createElement(
    "li",
    {},
    createElement("p", {}, createElement("strong", {}, emailOf(link))),
    createElement("p", { class: "small" }, `${state} ${rolesInWords(link.roles ?? [])}`),
    createElement(
      "p",
      { class: "buttons" },
      buttonFor(words.withdraw, emailOf(link), () => withdraw(link)),
    ),
  );
}

/** @param {Person["roles"]} roles */
function rolesInWords(roles) {
  return roles.map((role) => words[`is_${role}`]).join(" ");
}

/** @param {Person | OpenLink} person */
function emailOf({ email }) {
  return email ?? words.unreadable;
}

/**
 * @param {Person} person
 * @param {boolean} isLast
 */
async function remove(person, isLast) {
  if (isRunning()) return;
  const isSelf = person.id === desk.me.person_id;
  const sentences = [words.removal_ends, words.removal_keeps];
  if (isLast) sentences.push(say(words.removal_of_last, { owner: nameOf(person.owner) }));
  if (isSelf) sentences.push(words.removal_of_self);
  const heading = say(words.removal, { email: emailOf(person) });
  if (!(await ask(heading, sentences, { remove: words.remove_now }))) return;
  await attempt(async () => {
    await call("DELETE", `/v1/people/${person.id}`);
    if (isSelf) return forgetToken();
    await read();
    announceFor(section, person.owner, say(words.removed, { email: emailOf(person) }));
  });
}

/** @param {OpenLink} link */
function withdraw(link) {
  return attempt(async () => {
    await withdrawLink(link);
    await read();
    announceFor(section, link.owner, say(words.withdrawn, { email: emailOf(link) }));
  });
}

/** What the form holds. */
function readForm() {
  const boxes = /** @type {HTMLInputElement[]} */ (findAll("[name=roles]:checked", form));
  const owner = chosenOwner(form.owner, owners);
  return { email: form.email.value, owner: keyOf(owner), roles: boxes.map((box) => box.value) };
}

async function invite() {
  const body = readForm();
  const { expires_at: until } = (await call("POST", "/v1/invitations", { body })).content;
  await showAdded(say(words.invited, { email: body.email, time: moment(Date.parse(until)) }));
}

async function add() {
  const body = readForm();
  await call("POST", "/v1/people", { body });
  await showAdded(say(words.added, { email: body.email }));
}

/** @param {string} text */
async function showAdded(text) {
  const owner = chosenOwner(form.owner, owners);
  form.reset();
  form.owner.value = keyOf(owner);
  await read();
  announceFor(section, owner, text);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  attemptForm(button?.value === "invite" ? invite : add);
});

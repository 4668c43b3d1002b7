// Owners in words, and what belongs to each, for the parts about people, tokens and webhooks.

import { Refusal } from "./calls.js";
import { readAll } from "./manage_desk.js";
import { byId, createElement, find } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { balanced } from "./words.js";

/** @import { Owner } from "./access.js" */
/** @import { Desk, OwnerRef } from "./types.js" */

const words = WORDS.manage_access;

/**
 * What names an owner in a call: a responder's slug, a partner's id, or "admin".
 * @param {OwnerRef} owner
 */
export function keyOf({ type, slug, id }) {
  return slug ?? id ?? type;
}

/** @param {OwnerRef} owner */
export function nameOf({ name }) {
  return balanced(name ?? words.coordinators);
}

/**
 * The owners that the person who signed in looks after: all of them by name, the coordinators last, or itself alone.
 * @param {Desk} desk
 * @returns {Promise<Owner[]>}
 */
export async function readOwners({ me, isAdmin }) {
  if (!isAdmin) return [{ ...me.owner, suspended: false, suspended_at: null }];
  const owners = /** @type {Owner[]} */ (await readAll("/v1/owners"));
  return owners.sort((one, other) => Number(!one.id) - Number(!other.id) || nameOf(one).localeCompare(nameOf(other)));
}

/**
 * Offer the owners in a list to choose from, and keep the one that was chosen. Where there are several, none is chosen
 * for the user, who might not notice.
 * @param {HTMLSelectElement} select
 * @param {Owner[]} owners
 */
export function offerOwners(select, owners) {
  const chosen = select.value;
  const options = owners.map((owner) => createElement("option", { value: keyOf(owner) }, nameOf(owner)));
  if (owners.length > 1) options.unshift(createElement("option", { value: "" }, words.choose_owner));
  select.replaceChildren(...options);
  if (owners.some((owner) => keyOf(owner) === chosen)) select.value = chosen;
  const field = /** @type {HTMLElement} */ (select.closest("label"));
  field.hidden = owners.length === 1;
}

/**
 * The owner that was chosen. Refuses to go on without one.
 * @param {HTMLSelectElement} select
 * @param {Owner[]} owners
 */
export function chosenOwner(select, owners) {
  const owner = owners.find((each) => keyOf(each) === select.value);
  if (owner) return owner;
  throw new Refusal(WORDS.calls.fields, [{ pointer: "/owner", detail: words.enter_owner }]);
}

/**
 * A part of the list: one owner with what belongs to it. Its heading takes the focus after a step that changed it.
 * @param {string} part the id of the section
 * @param {OwnerRef} owner
 * @param {(Node | string)[]} contents
 */
export function ownerGroup(part, owner, ...contents) {
  const id = headingId(part, owner);
  return createElement(
    "section",
    { class: "owner", "aria-labelledby": id },
    createElement("h3", { id, tabindex: "-1" }, createElement("bdi", {}, nameOf(owner))),
    ...contents,
    createElement("div", { class: "made" }),
  );
}

/**
 * Where the group of an owner shows what was made for it.
 * @param {string} part the id of the section
 * @param {OwnerRef} owner
 */
export function placeOf(part, owner) {
  const group = /** @type {HTMLElement} */ (byId(headingId(part, owner)).parentElement);
  return find(".made", group);
}

/**
 * Say what was done in the part, and take the user to the owner that it was done for.
 * @param {HTMLElement} section
 * @param {OwnerRef} owner
 * @param {string} text
 */
export function announceFor(section, owner, text) {
  find(".done", section).textContent = text;
  byId(headingId(section.id, owner)).focus();
}

/**
 * @param {string} part
 * @param {OwnerRef} owner
 */
function headingId(part, owner) {
  return `${part}-${keyOf(owner)}`;
}

/**
 * A button. Where several say the same, `about` says to a person who cannot see the page what it is for.
 * @param {string} text
 * @param {string} about
 * @param {() => unknown} press
 */
export function buttonFor(text, about, press) {
  const button = createElement(
    "button",
    { type: "button" },
    text,
    createElement("span", { class: "away" }, ` ${about}`),
  );
  button.addEventListener("click", press);
  return button;
}

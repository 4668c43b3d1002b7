// The people of a responder: who may change things, who gets reminders, and who is invited. The server sends no mail without SMTP; the
// page has nothing about people then.

import { Question, call } from "./calls.js";
import { byId, createElement, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { forgetToken } from "./signing.js";
import { moment, say } from "./words.js";

/** @import { Identity, OpenLink, Person } from "./types.js" */

const words = WORDS.colleagues;

/**
 * Show the people, with what can be done.
 * @param {object} desk
 * @param {Identity} desk.me
 * @param {(step: () => Promise<void>) => Promise<void>} desk.attempt
 * @param {(text: string) => void} desk.announce
 */
export function colleaguesOf({ me, attempt, announce }) {
  const list = byId("people");
  const form = /** @type {HTMLFormElement} */ (byId("invite"));

  async function refresh() {
    const [people, invitations] = await Promise.all([fetchPeople(), fetchInvitations()]);
    list.replaceChildren(...people.map((person) => entry(person, people.length)), ...invitations.map(invitationEntry));
    const hint = people.length ? words.only_one : words.nobody;
    byId("colleagues-hint").textContent = hint;
    byId("colleagues-hint").hidden = people.length + invitations.length > 1;
  }

  /**
   * @param {Person} person
   * @param {number} count
   */
  function entry(person, count) {
    const { id, roles, mail } = person;
    const email = person.email ?? words.no_address;
    const isUser = id === me.person_id;
    const button = buttonFor(words.remove, words.remove_name, email);
    button.addEventListener("click", () =>
      attempt(async () => {
        const question = [say(isUser ? words.ask_you : words.ask, { email }), count === 1 ? words.ask_last : ""];
        throw new Question(question.join(" ").trim(), words.remove, () => remove(person, isUser));
      }),
    );
    const item = createElement("li", {}, createElement("strong", {}, email), ` ${isUser ? words.you : ""}`);
    item.append(createElement("p", { class: "small soft" }, rolesInWords(roles)));
    if (mail === "refused") item.append(createElement("p", { class: "small" }, words.refused));
    item.append(button);
    return item;
  }

  /** @param {OpenLink} link */
  function invitationEntry({ id, roles, expires_at: until, ...link }) {
    const email = link.email ?? words.no_address;
    const button = buttonFor(words.withdraw, words.withdraw_name, email);
    button.addEventListener("click", () =>
      attempt(async () => {
        await call("DELETE", `/v1/links/${encodeURIComponent(id)}`);
        await refresh();
        announce(say(words.withdrawn, { email }));
      }),
    );
    return createElement(
      "li",
      {},
      createElement("strong", {}, email),
      createElement("p", { class: "small" }, say(words.invited_until, { time: moment(Date.parse(until)) })),
      createElement("p", { class: "small soft" }, rolesInWords(roles ?? [])),
      button,
    );
  }

  /**
   * @param {Person} person
   * @param {boolean} isUser
   */
  async function remove({ id, email }, isUser) {
    await call("DELETE", `/v1/people/${encodeURIComponent(id)}`);
    // The user's own token ended with it.
    if (isUser) return forgetToken();
    await refresh();
    announce(say(words.removed, { email: email ?? words.no_address }));
  }

  async function invite() {
    const email = form.email.value.trim();
    const ticked = /** @type {HTMLInputElement[]} */ (findAll("[name=roles]:checked", form));
    const body = { email, roles: ticked.map((box) => box.value) };
    const { expires_at } = (await call("POST", "/v1/invitations", { body })).content;
    form.reset();
    await refresh();
    announce(say(words.invited, { email, time: moment(Date.parse(expires_at)) }));
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(invite);
  };
  return refresh();
}

/** @returns {Promise<Person[]>} */
async function fetchPeople() {
  return (await call("GET", "/v1/people")).content.items;
}

/** @returns {Promise<OpenLink[]>} */
async function fetchInvitations() {
  return (await call("GET", "/v1/links")).content.items;
}

/** @param {Person["roles"]} roles */
function rolesInWords(roles) {
  return roles.map((role) => words[role]).join(" · ");
}

/**
 * @param {string} text
 * @param {string} name what the button says to a person who cannot see the page
 * @param {string} email
 */
function buttonFor(text, name, email) {
  return createElement("button", { type: "button", "aria-label": say(name, { email }) }, text);
}

// The form of the question: what it says of a person, and which of its answers exclude each other.

import { balanced } from "./words.js";
import { byId, createElement, find, findAll } from "./dom.js";

/** @import { MatchQuestion, Responder } from "./types.js" */

const NONE = "none";
const EXISTING_CLIENT = "existing_client";

export const form = /** @type {HTMLFormElement} */ (find("form.ask"));
const details = /** @type {HTMLDetailsElement} */ (find("details", form));
const clients = byId("clients");

/**
 * What is not ticked does not apply only if "do any of these apply?" was answered. As in pages/question.py.
 * @returns {MatchQuestion}
 */
export function readQuestion() {
  const ticked = values("circumstances");
  const applying = ticked.filter((each) => each !== NONE);
  if (value("person") === "me" && !applying.includes("self_referral")) applying.push("self_referral");
  const others = inputs("circumstances")
    .map((input) => input.value)
    .filter((each) => each !== NONE && !applying.includes(each));
  const slugs = values("existing_client_of");
  return {
    area: value("area"),
    exploitation_type: value("exploitation_type"),
    age_group: value("age_group"),
    gender: value("gender"),
    circumstances: applying,
    circumstances_excluded: ticked.length ? others : [],
    existing_client_of: slugs.length || value("client") === NONE ? slugs : undefined,
  };
}

export function isAcceptingOnly() {
  return form.accepting.checked;
}

/** Forget every answer, also those that the page came with. */
export function clearForm() {
  form.area.value = "";
  for (const input of inputs()) input.checked = input.type === "radio" && input.value === "";
}

/**
 * Offer the charities for which it matters that somebody is their client. What is ticked stays.
 * @param {Responder[]} responders
 */
export function offerClients(responders) {
  const offered = responders.filter(({ remit, intake }) => {
    return remit.existing_clients_only || intake.report?.exceptions.includes(EXISTING_CLIENT);
  });
  const before = inputs("existing_client_of");
  if (offered.map(({ slug }) => slug).join() === before.map((input) => input.value).join()) return;
  const ticked = values("existing_client_of");
  clients.replaceChildren(
    ...offered.map(({ slug, name }) => {
      const input = createElement("input", { type: "checkbox", name: "existing_client_of", value: slug });
      /** @type {HTMLInputElement} */ (input).checked = ticked.includes(slug);
      return createElement("label", { class: "chip" }, input, createElement("bdi", {}, balanced(name)));
    }),
  );
}

/** @param {string} [name] */
function inputs(name) {
  return /** @type {HTMLInputElement[]} */ (findAll(name ? `input[name=${name}]` : "input", form));
}

/** @param {string} name */
function value(name) {
  return String(new FormData(form).get(name) ?? "");
}

/** @param {string} name */
function values(name) {
  return new FormData(form).getAll(name).map(String);
}

/** @param {HTMLInputElement[]} others */
function untick(others) {
  for (const other of others) other.checked = false;
}

// "None of these" and the others exclude each other. A place opens the rest.
form.addEventListener("change", ({ target }) => {
  if (target === form.area) details.open ||= form.area.value !== "";
  if (!(target instanceof HTMLInputElement) || !target.checked) return;
  if (target.name === "circumstances") {
    untick(inputs("circumstances").filter((input) => (input.value === NONE) !== (target.value === NONE)));
  }
  if (target.name === "client") untick(inputs("existing_client_of"));
  if (target.name === "existing_client_of") untick(inputs("client"));
});

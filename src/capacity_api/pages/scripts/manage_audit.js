// The part "Audit": who did what, and when. It never has the content.

import { call } from "./calls.js";
import { byId, createElement, find } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { readAll, stepsOf } from "./manage_desk.js";
import { keyOf, nameOf } from "./manage_owners.js";
import { startOfDay } from "./report.js";
import { inWords, moment, say, sayCount } from "./words.js";

/** @import { Actor, AuditEntry, Owner } from "./access.js" */
/** @import { Desk } from "./types.js" */

const FILTERS = ["actor", "action", "target"];
// Both days are part of the range; the call leaves out the end that it is given.
const DAYS = /** @type {[string, number][]} */ ([
  ["from", 0],
  ["to", 1],
]);
// How many entries are read at a time.
const STEP = 50;
const words = WORDS.manage_audit;
const section = byId("audit");
const form = /** @type {HTMLFormElement} */ (byId("audit-filter"));
const done = find(".done", section);
const list = find(".entries", section);
const more = byId("audit-more");
const attempt = stepsOf(section, form);
/** The names of owners, by what a target or a filter calls them. @type {Map<string, string>} */
let names = new Map();
let query = "";
let cursor = "";

/**
 * @param {Desk} _desk
 * @param {string} [slug] the responder whose entries are asked for
 */
export async function open(_desk, slug) {
  const owners = /** @type {Owner[]} */ (await readAll("/v1/owners"));
  names = new Map(owners.map((owner) => [keyOf(owner), nameOf(owner)]));
  const options = [...names].map(([value, name]) => createElement("option", { value }, name));
  byId("audit-actors").replaceChildren(
    createElement("option", { value: "command line" }),
    createElement("option", { value: "service" }),
    ...options,
  );
  byId("audit-targets").replaceChildren(...options.map((option) => option.cloneNode(true)));
  if (slug) {
    form.reset();
    /** @type {HTMLInputElement} */ (find("[name=target]", form)).value = slug;
  }
  await search();
}

/** Read the newest entries that the filters keep. */
async function search() {
  const kept = FILTERS.map((name) => [name, form[name].value.trim()]).filter(([, value]) => value);
  const days = DAYS.map(([name, more]) => [name, startOfDay(form[name].value, more)]).filter(([, time]) => time);
  query = new URLSearchParams([...kept, ...days, ["limit", String(STEP)]]).toString();
  const entries = await read("");
  list.replaceChildren(...entries.map(row));
  done.textContent = entries.length ? sayCount(words.found, entries.length, { entries: entries.length }) : words.none;
}

/** Read the entries before those that are shown, and go to the first of them. */
async function findMore() {
  const rows = (await read(cursor)).map(row);
  list.append(...rows);
  rows[0]?.focus();
}

/**
 * @param {string} from the cursor of the page
 * @returns {Promise<AuditEntry[]>}
 */
async function read(from) {
  const { items, next } = (await call("GET", `/v1/audit?${query}${from && `&cursor=${encodeURIComponent(from)}`}`))
    .content;
  cursor = next ?? "";
  more.hidden = !cursor;
  return items;
}

/** @param {AuditEntry} entry */
function row({ at, actor, action, target }) {
  return createElement(
    "li",
    { tabindex: "-1" },
    createElement("strong", {}, inWords(words, action)),
    createElement("bdi", {}, ` ${names.get(target) ?? target}`),
    createElement("p", { class: "small soft" }, `${moment(Date.parse(at))} · ${actorInWords(actor)}`),
  );
}

/** @param {Actor} actor */
function actorInWords({ type, id, label, owner, user }) {
  const values = { id, label, user, owner: owner ? nameOf(owner) : "" };
  if (type === "token" && !label) return say(words.by_unnamed_token, values);
  if (type === "command_line" && !user) return words.by_unnamed_user;
  return say(inWords(words, type, "by_"), values);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(search);
});
byId("audit-clear").addEventListener("click", () => {
  form.reset();
  attempt(search);
});
more.addEventListener("click", () => attempt(findMore));

// The page of a coordinator, and of a partner: signing in, and one part at a time.
//
// A part is a `<section id=… data-for="admin partner" hidden>` in a template of its own, templates/manage_<id>.html,
// which manage.html includes. It has an `<h2 tabindex="-1">`, a `.fault` and a `.done` (the macro `part` makes them).
// Its module exports `open(desk, slug)`, which reads what the part shows. It is called each time the part is shown, so
// listeners are added outside of it. `slug` is given where another part leads to it. `PARTS` and `MODULES` in scripts.py
// list the modules; the words of a part are `WORDS.manage_<id>`, from pages/manage_words.py or manage_access_words.py.

import "./leave.js";
import { attemptsIn, idle } from "./attempts.js";
import { Refusal, serverNow, setToken } from "./calls.js";
import { byId, createElement, find, findAll } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { hideLink, showLinks } from "./links.js";
import * as access from "./manage_access.js";
import * as audit from "./manage_audit.js";
import * as disputes from "./manage_disputes.js";
import * as listing from "./manage_listing.js";
import * as people from "./manage_people.js";
import * as redaction from "./manage_redaction.js";
import * as responders from "./manage_responders.js";
import * as webhooks from "./manage_webhooks.js";
import { stepsOf } from "./manage_desk.js";
import { forgetToken, offerMail, signInWith } from "./signing.js";
import { balanced, moment, say } from "./words.js";

/** @import { Desk, Identity, Part } from "./types.js" */

// Thirty days: enough to issue another token.
const ENDS_SOON = 2_592_000_000;
/** By the id of the section. @type {Record<string, Part>} */
const PARTS = { responders, listing, disputes, people, access, webhooks, redaction, audit };
const words = WORDS.manage;
const signIn = /** @type {HTMLFormElement} */ (byId("sign"));
const attempt = attemptsIn({ fault: byId("fault"), done: byId("sign-done"), form: signIn });
const steps = new Map(Object.keys(PARTS).map((id) => [id, stepsOf(byId(id))]));
/** @type {Desk | null} */
let desk = null;

/** @param {string} token */
async function openDesk(token) {
  const me = await signInWith(token);
  const isResponder = me.owner.type === "responder";
  byId("to-update").hidden = !isResponder;
  if (isResponder) {
    setToken("");
    throw new Refusal(words.for_responders);
  }
  // What one owner read or entered is not another's.
  if (desk && desk.me.owner.id !== me.owner.id) return forgetToken();
  desk = { me, isAdmin: me.owner.type === "admin", show };
  signIn.reset();
  byId("signing").hidden = true;
  hideLink();
  byId("name").replaceChildren(createElement("bdi", {}, balanced(me.owner.name ?? words.coordinator)));
  showEnd(me);
  showContents(me.owner.type);
  byId("desk").hidden = false;
  const [first] = findAll("button", byId("contents"));
  const shown = Object.keys(PARTS).find((id) => !byId(id).hidden) ?? first.dataset.part ?? "";
  reveal(shown);
  await PARTS[shown].open(desk);
}

/**
 * Say when the token ends, if that is soon, or until when somebody is signed in.
 * @param {Identity} me
 */
function showEnd({ expires_at: expiresAt, person_id: person }) {
  const end = expiresAt ? Date.parse(expiresAt) : Infinity;
  const isSoon = end - serverNow() < ENDS_SOON;
  const message = person ? WORDS.signing.signed_in_until : words.token_ends;
  byId("ends").hidden = !isSoon;
  byId("ends").textContent = isSoon ? say(message, { time: moment(end) }) : "";
}

/**
 * A button for each part that is for this type of owner.
 * @param {string} type
 */
function showContents(type) {
  const items = Object.keys(PARTS)
    .filter((id) => byId(id).dataset.for?.split(" ").includes(type))
    .map((id) => {
      const button = createElement(
        "button",
        { type: "button", "data-part": id },
        find("h2", byId(id)).textContent ?? "",
      );
      button.addEventListener("click", () => show(id));
      return createElement("li", {}, button);
    });
  byId("contents").replaceChildren(createElement("ul", {}, ...items));
}

/** @param {string} id the part to show, instead of any other */
function reveal(id) {
  for (const part of Object.keys(PARTS)) byId(part).hidden = part !== id;
  for (const button of findAll("button", byId("contents"))) {
    if (button.dataset.part === id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  find("h2", byId(id)).focus();
}

/**
 * Show one part, and read what it shows.
 * @param {string} id
 * @param {string} [slug] the responder that it is about
 */
async function show(id, slug) {
  // Another part may still be read. This one must not stand there meanwhile as if its list were empty.
  await idle();
  reveal(id);
  await steps.get(id)?.(() => PARTS[id].open(/** @type {Desk} */ (desk), slug));
}

/** @param {boolean} isNeeded */
function askToSignIn(isNeeded) {
  byId("signing").hidden = !isNeeded || !byId("desk").hidden;
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => openDesk(signIn.token.value));
});
byId("forget").addEventListener("click", forgetToken);
byId("no-script").hidden = true;
offerMail();
askToSignIn(!showLinks({ name: "manage", signIn: openDesk, askToSignIn }));

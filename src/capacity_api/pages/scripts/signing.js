// Signing in with a pasted token or with a link from a mail. Nothing of either is in an address, a history or a storage.

import { LINK } from "./arrival.js";
import { attemptsIn } from "./attempts.js";
import { call, setToken } from "./calls.js";
import { byId } from "./dom.js";
import { WORDS } from "./desk_facts.js";

/** @import { Link, Identity, Person, Responder, LinkToken } from "./types.js" */

/**
 * Sign in with a pasted token, and return whose it is.
 * @param {string} pasted
 * @returns {Promise<Identity>}
 */
export async function signInWith(pasted) {
  // Chat and mail programs put quotes, spaces and invisible characters around what is copied.
  const token = pasted.replace(/[^\x21-\x7e]/g, "");
  setToken(token);
  const me = (await call("GET", "/v1/me")).content;
  setToken(token, Boolean(me.person_id));
  return me;
}

/**
 * Ask for a mail with a link. The answer is the same whether the address is known or not.
 * @param {string} email
 */
export async function askForMail(email) {
  await call("POST", "/v1/sign-in", { body: { email: email.trim() } });
}

/** Send a link to the person who asks in the form of sign_in_by_mail.html. Without SMTP the page does not have it. */
export function offerMail() {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("mail"));
  if (!form) return;
  const done = byId("mail-done");
  const attempt = attemptsIn({ fault: byId("fault"), done, form });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await askForMail(form.email.value);
      done.textContent = WORDS.signing.on_its_way;
    });
  });
}

/**
 * The secret of a link that opened this page; empty without one. It leaves the address bar and the history at once.
 * @returns {string}
 */
export function takeLink() {
  const { hash, pathname } = location;
  if (!hash.startsWith(LINK)) return "";
  history.replaceState(null, "", pathname);
  return hash.slice(LINK.length);
}

/**
 * Call `open` with each link that is opened while the page is open: such a link loads no new page.
 * @param {(secret: string) => void} open
 */
export function onLink(open) {
  addEventListener("hashchange", () => {
    const secret = takeLink();
    if (secret) open(secret);
  });
}

/**
 * What a link is for, and whether it can be used. This uses nothing up.
 * @param {string} secret
 * @returns {Promise<Link>}
 */
export async function lookAt(secret) {
  return (await call("POST", "/v1/links/look", { body: { link: secret }, onlyReads: true })).content;
}

/**
 * Use a link, which works once, and return what it gives.
 * @param {string} secret
 * @returns {Promise<LinkToken & Responder & Person>} what the kind of the link says
 */
export async function useLink(secret) {
  return (await call("POST", "/v1/links/use", { body: { link: secret } })).content;
}

/** Forget the token and everything that was read with it. */
export function forgetToken() {
  setToken("");
  location.reload();
}

// A page that the browser brings back must not bring back the token.
addEventListener("pageshow", (event) => event.persisted && forgetToken());

// The pages of links that work once. Opening a link only looks at it, because mail scanners open links and run scripts.
// A link is used by a tap. The template is link.html.

import { attemptsIn } from "./attempts.js";
import { Question, Refusal, call } from "./calls.js";
import { byId, createElement } from "./dom.js";
import { WORDS } from "./desk_facts.js";
import { intakeElement, until } from "./report.js";
import { askForMail, lookAt, onLink, takeLink, useLink } from "./signing.js";
import { balanced, say } from "./words.js";

/** @import { Link, LinkKind, OwnerRef, Person, Report, Responder } from "./types.js" */
/** @typedef {Exclude<Link["status"], "usable">} Unusable */

const words = WORDS.links;
const section = byId("link");
const title = byId("link-title");
const text = byId("link-text");
const buttons = byId("link-buttons");
const done = byId("link-done");
const attempt = attemptsIn({ fault: byId("fault"), done, form: section });
// A request that may succeed if it is sent again: no answer came, too many came at once, or the server failed.
const MAY_SUCCEED_LATER = /** @param {number} status */ (status) => !status || status === 429 || status >= 500;

/**
 * What a page does with links.
 * @typedef {object} LinkPage
 * @property {"update" | "manage"} name a responder's links belong on one page, all others on the other
 * @property {(token: string) => Promise<void>} signIn open the desk with this token
 * @property {(isNeeded: boolean) => void} askToSignIn show the forms for signing in, or hide them
 */

/** @type {LinkPage} */
let page;

/**
 * Show the link that opened this page, and each that is opened later.
 * @param {LinkPage} linkPage
 * @returns {boolean} whether a link opened this page
 */
export function showLinks(linkPage) {
  page = linkPage;
  onLink(open);
  const secret = takeLink();
  if (secret) open(secret);
  return Boolean(secret);
}

/** Hide the link, once the page is about something else. */
export function hideLink() {
  section.hidden = true;
}

/** @param {string} secret */
function open(secret) {
  page.askToSignIn(false);
  hideLink();
  attempt(() => look(secret));
}

/** @param {string} secret */
async function look(secret) {
  try {
    const link = await lookAt(secret);
    const isResponders = link.slug !== null;
    if (isResponders !== (page.name === "update")) {
      location.replace(`${isResponders ? "update" : "manage"}#link=${secret}`);
      return;
    }
    show(secret, link, link.slug ? await fetchResponder(link.slug) : null);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (MAY_SUCCEED_LATER(error.status)) throw new Question(error.message, words.try_again, () => look(secret));
    if (![400, 404, 422].includes(error.status)) throw error;
    showPage(words.unknown, [words.unknown_text, words.next_again]);
    page.askToSignIn(true);
  }
}

/**
 * A responder as the public sees it; null once it is delisted.
 * @param {string} slug
 * @returns {Promise<Responder | null>}
 */
async function fetchResponder(slug) {
  try {
    return (await call("GET", `/v1/responders/${encodeURIComponent(slug)}`)).content;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

/**
 * @param {string} secret
 * @param {Link} link
 * @param {Responder | null} responder
 */
function show(secret, link, responder) {
  const { kind, status, owner, report } = link;
  if (status !== "usable") showUnusable(kind, status, responder);
  else if (kind === "sign_in") showSignIn(secret, owner);
  else if (kind === "still_true") showStillTrue(secret, report, responder);
  else if (kind === "invitation") showInvitation(secret, owner);
  else showHandover(secret, owner);
}

/**
 * Why a link cannot be used, and what to do next.
 * @param {LinkKind} kind
 * @param {Unusable} status
 * @param {Responder | null} responder
 */
function showUnusable(kind, status, responder) {
  /** @type {(string | Node)[]} */
  const contents = [unusableText(kind, status, responder)];
  const isReport = kind === "still_true" && responder;
  if (isReport) contents.push(words.published_now, intakeElement(responder.intake, responder));
  contents.push(nextStep(kind, status));
  showPage(words[status], contents);
  // Who lost an invitation or a token cannot sign in without it.
  page.askToSignIn(kind === "sign_in" || kind === "still_true" || (kind === "invitation" && status === "used"));
}

/**
 * @param {LinkKind} kind
 * @param {Unusable} status
 * @param {Responder | null} responder
 */
function unusableText(kind, status, responder) {
  if (status === "superseded") return say(words.superseded_text, nameOf(responder));
  if (status === "expired") return words[`expired_${kind}`];
  return kind === "handover" ? words.used_handover : words.used_text;
}

/**
 * @param {LinkKind} kind
 * @param {Unusable} status
 */
function nextStep(kind, status) {
  if (kind === "sign_in") return words.next_again;
  if (kind === "still_true") return words.next_sign_in;
  if (kind === "handover") return words.next_ask;
  return status === "used" ? words.next_used_invitation : words.next_invitation;
}

/**
 * @param {string} secret
 * @param {OwnerRef} owner
 */
function showSignIn(secret, owner) {
  showPage(titleFor("sign_in", owner), [words.sign_in_text]);
  offer(words.sign_in_button, async () => {
    const signedIn = await use(secret);
    if (signedIn) await signIn(signedIn.token);
  });
}

/**
 * @param {string} secret
 * @param {Report | null} report
 * @param {Responder | null} responder
 */
function showStillTrue(secret, report, responder) {
  /** @type {(string | Node)[]} */
  const contents = [say(words.still_true_text, nameOf(responder))];
  if (report && responder) contents.push(intakeElement({ state: report.state, report }, responder));
  if (responder?.intake.state === "unconfirmed") contents.push(words.lapsed);
  showPage(words.still_true, contents);
  offer(words.still_true_button, async () => {
    const confirmed = await use(secret);
    if (confirmed) showConfirmed(confirmed);
  });
  const change = createElement("button", { type: "button" }, words.changed_button);
  change.addEventListener("click", () => {
    showPage(words.changed_button, [words.changed_text]);
    page.askToSignIn(true);
  });
  buttons.append(change);
}

/** @param {Responder} responder */
function showConfirmed(responder) {
  const { name, intake } = responder;
  const holds = say(words.confirmed_text, { time: until(Date.parse(intake.confirm_by ?? "")) });
  showPage(words.confirmed, [createElement("bdi", {}, balanced(name)), intakeElement(intake, responder), holds]);
}

/**
 * @param {string} secret
 * @param {OwnerRef} owner
 */
function showInvitation(secret, owner) {
  const contents = [words.invitation_text, words.invitation_address];
  if (owner.type === "admin") contents.splice(1, 0, words.invitation_rights);
  showPage(say(words[`invitation_${owner.type}`], nameOf(owner)), contents);
  offer(words.accept, async () => {
    const person = await use(secret);
    if (person) showAccepted(person);
  });
}

/** @param {Person} person */
function showAccepted({ email, owner, roles }) {
  // Just accepted, so it can be read.
  const address = email ?? "";
  const isEditor = roles.includes("editor");
  const contents = [say(isEditor ? words.accepted_editor : words.accepted_reminded, { email: address })];
  if (isEditor) contents.push(words.second_person);
  showPage(say(words[`accepted_${owner.type}`], nameOf(owner)), contents);
  if (!isEditor) return;
  offer(words.send_link, async () => {
    await askForMail(address);
    done.textContent = say(words.link_sent, { email: address });
  });
}

/**
 * @param {string} secret
 * @param {OwnerRef} owner
 */
function showHandover(secret, owner) {
  showPage(titleFor("handover", owner), [words.handover_text]);
  offer(words.show_token, async () => {
    const handedOver = await use(secret);
    if (handedOver) showToken(handedOver.token);
  });
}

/** @param {string} token */
function showToken(token) {
  const shown = createElement("pre", { id: "token-shown" }, token);
  showPage(words.token, [words.token_text, shown]);
  offer(words.copy, async () => {
    try {
      await navigator.clipboard.writeText(token);
      done.textContent = words.copied;
    } catch {
      // An old browser, or a page without TLS.
      getSelection()?.selectAllChildren(shown);
      done.textContent = words.not_copied;
    }
  });
  offer(words.continue_here, () => signIn(token));
}

/**
 * Open the desk. The link is used up by now, so a lost answer must not lose the token.
 * @param {string} token
 */
async function signIn(token) {
  try {
    await page.signIn(token);
  } catch (error) {
    if (!(error instanceof Refusal) || !MAY_SUCCEED_LATER(error.status)) throw error;
    throw new Question(error.message, words.try_again, () => signIn(token));
  }
}

/**
 * Use a link. One that cannot be used any more is shown as what it is now, and gives nothing.
 * @param {string} secret
 */
async function use(secret) {
  try {
    return await useLink(secret);
  } catch (error) {
    const isOver = error instanceof Refusal && [404, 410].includes(error.status);
    const isSuperseded = error instanceof Refusal && error.code === "link_superseded";
    if (!isOver && !isSuperseded) throw error;
    await look(secret);
    return null;
  }
}

/**
 * @param {string} heading
 * @param {(string | Node)[]} contents
 */
function showPage(heading, contents) {
  title.textContent = heading;
  text.replaceChildren(...contents.map((each) => (typeof each === "string" ? createElement("p", {}, each) : each)));
  buttons.replaceChildren();
  done.textContent = "";
  section.hidden = false;
  title.focus();
}

/**
 * A button that takes a step. The first of a page is the large one.
 * @param {string} label
 * @param {() => Promise<void>} step
 */
function offer(label, step) {
  const button = createElement(
    "button",
    { type: "button", ...(buttons.children.length ? {} : { class: "main" }) },
    label,
  );
  button.addEventListener("click", () => attempt(step));
  buttons.append(button);
}

/**
 * @param {"sign_in" | "handover"} message
 * @param {OwnerRef} owner
 */
function titleFor(message, owner) {
  return owner.name ? say(words[`${message}_for`], nameOf(owner)) : words[message];
}

/** @param {{ name: string | null } | null} named a responder, or an owner */
function nameOf(named) {
  return { name: balanced(named?.name ?? "") };
}

// A token by a one-time link, instead of one that is read out aloud or mailed, and withdrawing what is still open.

import { Refusal, call } from "./calls.js";
import { WORDS } from "./desk_facts.js";
import { keyOf, nameOf } from "./manage_owners.js";
import { showOnceIn, shownOnce } from "./shown_once.js";
import { moment, say } from "./words.js";

/** @import { Owner } from "./access.js" */
/** @import { OpenLink } from "./types.js" */

/**
 * Make a link and show it in a place of the page.
 * @param {Owner} owner
 * @param {string} label
 * @param {string[] | null} scopes null for all that such an owner may have
 * @param {HTMLElement} place
 */
export async function handOver(owner, label, scopes, place) {
  const body = { owner: keyOf(owner), scopes, label: label || null };
  const { link, expires_at: until } = (await call("POST", "/v1/handovers", { body })).content;
  const words = WORDS.manage_access;
  const box = shownOnce(
    say(words.link_for, { owner: nameOf(owner) }),
    // Without a public address of its own the service answers a path.
    new URL(link, location.href).href,
    say(words.link_works_until, { time: moment(Date.parse(until)) }),
  );
  showOnceIn(place, box);
}

/**
 * End an invitation or a handover. One that was used meanwhile, or has ended, is refused in words.
 * @param {OpenLink} link
 */
export async function withdrawLink({ id }) {
  try {
    await call("DELETE", `/v1/links/${id}`);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) throw new Refusal(WORDS.manage_access.link_gone);
    throw error;
  }
}

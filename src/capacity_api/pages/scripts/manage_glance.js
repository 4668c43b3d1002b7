// What a coordinator sees of each responder at a glance, put together from several lists.

import { call } from "./calls.js";
import { readAll, readAllIfAny } from "./manage_desk.js";

/** @import { Dispute, Glance, Mail, Person, Responder } from "./types.js" */

// These ask a responder whether its report is still true.
const REMINDERS = ["confirmation_due", "lapsed", "still_lapsed", "disputed", "chased"];

/**
 * Everybody, the most urgent first. Lists that this service does not have are null, and so not known.
 * @returns {Promise<Glance[]>}
 */
export async function readGlances() {
  const [directory, owners, people, disputes, reminders] = await Promise.all([
    call("GET", "/v1/directory"),
    readAll("/v1/owners"),
    readAllIfAny("/v1/people"),
    readAllIfAny("/v1/disputes"),
    readReminders().catch(() => null),
  ]);
  const suspended = new Set(owners.filter((owner) => owner.suspended).map(({ slug }) => slug));
  return directory.content.responders
    .map((/** @type {Responder} */ responder) => ({
      responder,
      isSuspended: suspended.has(responder.slug),
      people: people && people.filter(({ owner }) => owner.slug === responder.slug),
      disputes: disputesSince(responder, disputes ?? []),
      reminders: reminders && lastReminders(responder.slug, reminders),
    }))
    .sort(byUrgency);
}

/**
 * The reminders of the time for which mail is kept, the newest first.
 * @returns {Promise<Mail[]>}
 */
async function readReminders() {
  // Not all mail at once: links to sign in may be many times as many.
  const lists = await Promise.all(REMINDERS.map((kind) => readAll(`/v1/mail?kind=${kind}`)));
  return lists.flat().sort((one, other) => Date.parse(other.created_at) - Date.parse(one.created_at));
}

/**
 * The disputes since the last report.
 * @param {Responder} responder
 * @param {Dispute[]} disputes
 */
export function disputesSince({ slug, intake }, disputes) {
  // Nobody confirmed a pause that a threshold made. Once that has lapsed, `since` is the lapse, which answers nothing.
  const since = intake.confirmed_at ?? (intake.state === "unconfirmed" ? null : intake.since) ?? "";
  return disputes.filter((dispute) => dispute.slug === slug && dispute.at > since);
}

/**
 * The mails of the last reminder: one to each person.
 * @param {string} slug
 * @param {Mail[]} mails newest first
 */
function lastReminders(slug, mails) {
  const own = mails.filter((mail) => mail.slug === slug && (mail.status === "sent" || mail.status === "waiting"));
  return own.filter((mail) => mail.created_at === own[0].created_at);
}

/**
 * The mails of a reminder by when they were sent; `time` is empty for those on their way.
 * @param {Mail[]} reminder
 * @param {(time: string) => string} inWords
 */
export function groupsOf(reminder, inWords) {
  /** @type {Map<string, Mail[]>} */
  const groups = new Map();
  for (const mail of reminder) {
    const time = mail.status === "sent" && mail.finished_at ? inWords(mail.finished_at) : "";
    groups.set(time, [...(groups.get(time) ?? []), mail]);
  }
  return [...groups].map(([time, mails]) => ({ time, mails }));
}

/**
 * Whether a reminder reaches somebody.
 * @param {Person} person
 */
export function isReminded({ roles, mail }) {
  return roles.includes("reminded") && mail === "ok";
}

/**
 * Disputed ones first; then those that lapsed or lapse soonest; then those that never reported; by name.
 * @param {Glance} one
 * @param {Glance} other
 */
function byUrgency(one, other) {
  return (
    Number(other.disputes.length > 0) - Number(one.disputes.length > 0) ||
    lapse(one) - lapse(other) ||
    one.responder.name.localeCompare(other.responder.name)
  );
}

/** @param {Glance} glance */
function lapse({ responder: { intake } }) {
  // Infinity would make the difference of two of them no number.
  return intake.confirm_by ? Date.parse(intake.confirm_by) : Number.MAX_SAFE_INTEGER;
}

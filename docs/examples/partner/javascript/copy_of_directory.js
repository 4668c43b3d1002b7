// A local copy of the directory that survives restarts, lapses, redactions and a restored directory.
// It needs no network. `integration.js` feeds it.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const STATES = ["open", "waiting_list", "paused"];

/**
 * What this tool knows, in one file.
 *
 * `cursor` is the number up to which every event was applied; null while the whole directory has to be read.
 */
export class Copy {
  #path;
  #responders;
  // The numbers at which responders left, above the cursor: an older webhook must not bring one back.
  #left;

  constructor(path) {
    const stored = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
    this.#path = path;
    this.cursor = stored.cursor ?? null;
    this.#responders = new Map(Object.entries(stored.responders ?? {}));
    this.#left = new Map(Object.entries(stored.left ?? {}));
  }

  /** The responders by slug, as they are to be shown at `now` (milliseconds): what has lapsed is `unconfirmed`. */
  responders(now) {
    const slugs = [...this.#responders.keys()].sort();
    return Object.fromEntries(slugs.map((slug) => [slug, at(this.#responders.get(slug), now)]));
  }

  /** Take the whole directory in place of what is here: at first, and after a restore. */
  replace(directory) {
    this.#responders = new Map(directory.responders.map((each) => [each.slug, each]));
    this.#advance(directory.sequence);
  }

  /** Take one event on its own. It may come late, twice, or before an older one. */
  applyWebhook(event) {
    // Every event up to the cursor is applied. A test and a private event have no number.
    if (this.cursor === null || event.test || (event.sequence ?? 0) <= this.cursor) return;
    if (event.type === "directory.restored") {
      this.cursor = null;
      return;
    }
    this.#apply(event);
    this.#save();
  }

  /** Take a page of the list, which has every event after the cursor, in order. */
  applyPage(page) {
    for (const event of page.events) {
      if (event.type === "directory.restored") {
        this.cursor = null;
        return;
      }
      this.#apply(event);
      if (event.type === "event.redacted") this.#renumber(event);
    }
    this.#advance(page.sequence);
  }

  #apply({ type, sequence, data }) {
    if (type === "event.redacted") this.#redact(data);
    else if (data.responder) this.#take(data.responder, sequence, type === "responder.delisted");
    // Whatever else comes, now or one day, changes no responder.
  }

  #take(responder, sequence, hasLeft) {
    const { slug } = responder;
    const known = this.#responders.get(slug)?.sequence ?? this.#left.get(slug) ?? 0;
    if (sequence <= known) return;
    if (hasLeft) {
      this.#responders.delete(slug);
      this.#left.set(slug, sequence);
    } else this.#responders.set(slug, responder);
  }

  #redact({ slug, fields, from, to }) {
    const responder = this.#responders.get(slug);
    if (!responder || responder.sequence < from || responder.sequence > to) return;
    for (const field of fields) {
      const [name, parent] = field.split(".").reverse();
      if (parent === "report") {
        const { report, last_report: last, planned } = responder.intake;
        for (const each of [report, last, planned?.report]) if (each) each[name] = null;
      } else (parent ? responder[parent] : responder)[name] = null;
    }
  }

  /**
   * Give the responder the number of its redaction, as the directory does.
   *
   * Only the list may: a webhook about it may come before an older one, which would then be ignored.
   */
  #renumber({ sequence, timestamp, data }) {
    const responder = this.#responders.get(data.slug);
    if (responder && responder.sequence < sequence) Object.assign(responder, { sequence, updated_at: timestamp });
  }

  #advance(cursor) {
    this.cursor = cursor;
    this.#left = new Map([...this.#left].filter(([, sequence]) => sequence > cursor));
    this.#save();
  }

  /** Write a new file, and put it in the old one's place once the disk has it: a crash leaves one of the two. */
  #save() {
    const stored = {
      cursor: this.cursor,
      responders: Object.fromEntries(this.#responders),
      left: Object.fromEntries(this.#left),
    };
    writeFileSync(`${this.#path}.new`, JSON.stringify(stored), { flush: true });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** The responder at `now`. The clock alone ends a report, and starts a plan, whose event may come later. */
function at(responder, now) {
  const { intake } = responder;
  const ends = [intake.confirm_by, intake.planned?.effective_from];
  const hasEnded = ends.some((end) => end && Date.parse(end) <= now);
  // A state that we do not know, because it is new, may mean anything.
  if (!hasEnded && STATES.includes(intake.state)) return responder;
  const last = intake.report ?? intake.last_report;
  const unconfirmed = { state: "unconfirmed", capacity_status: null, report: null, last_report: last };
  return { ...responder, intake: { ...intake, ...unconfirmed } };
}

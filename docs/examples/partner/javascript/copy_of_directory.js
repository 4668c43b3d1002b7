// A local copy of the directory that survives restarts, lapses, redactions and a restored directory.
// It needs no network. `integration.js` feeds it.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

/**
 * What this tool knows, in one file. `cursor` is the number up to which every event was seen.
 *
 * `applied` has the number of the last event of each responder, also of one that left: an older event that arrives late
 * must not bring it back.
 */
export class Copy {
  #path;
  #responders;
  #applied;

  constructor(path) {
    const stored = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
    this.#path = path;
    this.cursor = stored.cursor ?? null;
    this.#responders = stored.responders ?? {};
    this.#applied = stored.applied ?? {};
  }

  /** The responders by slug, as they are to be shown at `now` (milliseconds): what has lapsed is `unconfirmed`. */
  responders(now) {
    const slugs = Object.keys(this.#responders).sort();
    return Object.fromEntries(slugs.map((slug) => [slug, at(this.#responders[slug], now)]));
  }

  /** Take the whole directory in place of what is here: at first, and after a restore. */
  replace(directory) {
    this.#responders = Object.fromEntries(directory.responders.map((each) => [each.slug, each]));
    this.#applied = Object.fromEntries(directory.responders.map((each) => [each.slug, each.sequence]));
    this.advance(directory.sequence);
  }

  /**
   * Take one event, from a webhook or from the list, in any order and any number of times.
   * False where the whole directory has to be read: it was restored from a backup.
   */
  apply(event) {
    if (event.test || event.sequence === null) return true;
    if (event.type === "directory.restored") return false;
    if (event.type === "event.redacted") this.#redact(event);
    else if (event.data.responder) {
      this.#take(event.data.responder, event.sequence, event.type === "responder.delisted");
    }
    // Whatever else comes, now or one day, changes no responder.
    this.#save();
    return true;
  }

  /** Every event up to this number was applied. */
  advance(cursor) {
    this.cursor = cursor;
    this.#save();
  }

  #take(responder, sequence, hasLeft) {
    const { slug } = responder;
    if (sequence <= (this.#applied[slug] ?? 0)) return;
    this.#applied[slug] = sequence;
    if (hasLeft) delete this.#responders[slug];
    else this.#responders[slug] = responder;
  }

  #redact({ sequence, timestamp, data: { slug, fields, from, to } }) {
    const responder = this.#responders[slug];
    if (!responder) return;
    const isInRange = from <= responder.sequence && responder.sequence <= to;
    if (sequence > this.#applied[slug]) {
      // The responder has this number now, so that a copy by any other way has it too.
      this.#applied[slug] = responder.sequence = sequence;
      responder.updated_at = timestamp;
    }
    for (const field of isInRange ? fields : []) {
      const [name, parent] = field.split(".").reverse();
      if (parent === "report") {
        const { report, last_report: last, planned } = responder.intake;
        for (const each of [report, last, planned?.report]) if (each) each[name] = null;
      } else (parent ? responder[parent] : responder)[name] = null;
    }
  }

  /** Write the whole file beside the old one, then rename it: a killed process leaves one of the two. */
  #save() {
    const file = openSync(`${this.#path}.new`, "w");
    writeSync(file, JSON.stringify({ cursor: this.cursor, responders: this.#responders, applied: this.#applied }));
    fsyncSync(file);
    closeSync(file);
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** The responder at `now`. The clock alone ends a report, and starts a plan, whose event may come later. */
function at(responder, now) {
  const { intake } = responder;
  const ends = [intake.confirm_by, intake.planned?.effective_from];
  const hasEnded = ends.some((end) => end && Date.parse(end) <= now);
  return hasEnded ? { ...responder, intake: { ...intake, state: "unconfirmed" } } : responder;
}

// "Undo": for a minute after publishing, what stood before can be filled in again. To publish it is a report of today.

import { byId, find } from "./dom.js";

/** @import { Report } from "./types.js" */

const OFFERED_FOR = 60_000;
const line = byId("undo");
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Report | null} */
let before = null;

/**
 * Offer to fill in what stood before; nothing stood where there was no report that held.
 * @param {Report | null | undefined} report
 */
export function offerUndo(report) {
  withdrawUndo();
  before = report ?? null;
  line.hidden = !before;
  timer = setTimeout(withdrawUndo, OFFERED_FOR);
}

/** Something else was published, or the minute is over. */
export function withdrawUndo() {
  clearTimeout(timer);
  before = null;
  line.hidden = true;
}

/** @param {(report: Report) => void} fillIn */
export function onUndo(fillIn) {
  find("button", line).addEventListener("click", () => {
    if (before) fillIn(before);
    withdrawUndo();
  });
}

// A record for a file: the time, the number, and what was shown. Never what was asked about a person.

import { createElement, find } from "./dom.js";
import { FACTS, WORDS } from "./facts.js";
import { reasonsInWords, shownMatches } from "./filter.js";
import { isAcceptingOnly } from "./question.js";
import { directory } from "./responders.js";
import { balanced, joinLabels, moment, say } from "./words.js";

/** @import { Match } from "./filter.js" */

const words = WORDS.question;
const part = find(".record");
const button = find("button", part);
const status = find("[role=status]", part);
let readAt = 0;

/** As in pages/matches.py. */
function recordOf() {
  const lines = [say(words.record_head, { time: moment(readAt), number: directory.sequence })];
  if (document.querySelector("aside.demonstration")) lines.push(words.record_demonstration);
  if (isAcceptingOnly()) lines.push(words.record_filtered);
  for (const [outcome, matches] of shownMatches()) {
    lines.push("", words[`action_${outcome}`], ...matches.map((match) => `- ${lineOf(match)}`));
  }
  lines.push("", words.record_foot);
  // Files cannot tell what was shown at an earlier time.
  if (part.dataset.directory) {
    const address = new URL(`${part.dataset.directory}?as_of=${new Date(readAt).toISOString()}`, location.href);
    lines.push(say(words.record_proof, { address }));
  }
  return lines.join("\n");
}

/**
 * What a charity said, and why it is in its group. All its exceptions: the one that applies is about the person.
 * @param {Match} match
 */
function lineOf({ entry, responder, decision }) {
  const { state, report, last_report: lastReport } = responder.intake;
  const until = Date.parse(entry.dataset.until ?? "");
  const values = { name: balanced(responder.name), state: FACTS.states[state] };
  const sentences = [];
  if (until) sentences.push(say(words.record_line, { ...values, time: moment(until) }));
  else if (report ?? lastReport) sentences.push(say(words.record_unconfirmed, values));
  else sentences.push(say(words.record_not_joined, values));
  if (state === "paused" && report?.exceptions.length) {
    sentences.push(say(words.record_exceptions, { people: joinLabels(report.exceptions, FACTS.circumstances) }));
  }
  const reasons = decision.reasons.filter((code) => !code.startsWith("exception_"));
  if (decision.outcome === "ask" || decision.outcome === "no") sentences.push(reasonsInWords(reasons));
  return sentences.join(" ").trim();
}

/**
 * Put the text on the clipboard; without permission show it, selected.
 * @param {string} text
 */
async function copy(text) {
  part.querySelector("textarea")?.remove();
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = words.record_copied;
  } catch {
    status.textContent = words.record_select;
    const area = createElement("textarea", { readonly: "", rows: "12", "aria-label": words.record_select }, text);
    part.append(area);
    /** @type {HTMLTextAreaElement} */ (area).select();
    area.focus();
  }
}

/** Offer to copy a record of what is shown. @param {number} at when the directory was read, which may be long ago */
export function offerRecord(at) {
  readAt = at;
  button.hidden = false;
}

button.addEventListener("click", () => copy(recordOf()));

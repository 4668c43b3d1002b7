// Decides the cases on standard input, one JSON array, for the tests that compare the page with the service.

import { readFileSync } from "node:fs";

import { alternatives, decide, situationOf, situationsWithin } from "#scripts/matching.js";

/** @import { Candidate, MatchQuestion, Remit, Responder } from "#scripts/types.js" */

/**
 * What one responder can do for the person of a question or for the people of a remit; or who else can, by slug.
 * @typedef {{ question?: MatchQuestion, remit?: Remit, responder: Candidate }} One
 * @typedef {{ question?: MatchQuestion, own: Responder, responders: Responder[] }} Others
 */

/** @type {(One | Others)[]} */
const cases = JSON.parse(readFileSync(0, "utf8"));
const decisions = cases.map((each) => {
  if ("own" in each) {
    const found = alternatives(each.own, each.responders, each.question);
    return found.map(({ responder, outcome }) => [responder.slug, outcome]);
  }
  const { question, remit, responder } = each;
  return decide(responder, remit ? situationsWithin(remit) : situationOf(question ?? {}));
});
process.stdout.write(JSON.stringify(decisions));

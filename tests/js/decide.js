// Decides the cases on standard input, one JSON array, for tests/pages/test_scripts.py.

import { readFileSync } from "node:fs";

import { decide, situationOf, situationsWithin } from "#scripts/matching.js";

/** @import { Candidate, Question, Remit } from "#scripts/types.js" */

/** @type {{ question?: Question, remit?: Remit, responder: Candidate }[]} */
const cases = JSON.parse(readFileSync(0, "utf8"));
const decisions = cases.map(({ question, remit, responder }) =>
  decide(responder, remit ? situationsWithin(remit) : situationOf(question ?? {})),
);
process.stdout.write(JSON.stringify(decisions));

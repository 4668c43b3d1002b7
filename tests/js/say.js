// Says the cases on standard input with the scripts in a folder, for tests/pages/test_scripts.py.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const { FACTS } = await import(new URL("facts.js", folder).href);
const { ASPECTS, limitInWords, limitingCodes } = await import(new URL("limit.js", folder).href);
const { people, period } = await import(new URL("report.js", folder).href);
const { joinItems, moment, sayCount } = await import(new URL("words.js", folder).href);

/** @type {Record<string, any[]>} */
const cases = JSON.parse(readFileSync(0, "utf8"));
const texts = {
  people: cases.people.map(people),
  periods: cases.periods.map(period),
  counts: cases.counts.map(([state, count]) => sayCount(FACTS.counts[state], count, { count })),
  items: cases.items.map(joinItems),
  moments: cases.moments.map((/** @type {string} */ at) => moment(Date.parse(at))),
  limits: cases.limits.map(([remit, limit]) => limitInWords(remit, limit)),
  codes: cases.remits.map((remit) => ASPECTS.map((/** @type {string} */ aspect) => limitingCodes(remit, aspect))),
};
process.stdout.write(JSON.stringify(texts));

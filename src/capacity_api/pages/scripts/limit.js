// What a report is limited to for now: which codes a responder can choose, and the words.

import { WORDS } from "./desk_facts.js";
import { FACTS } from "./facts.js";
import { cover, isEmpty, limitedRemit, members, takesAge } from "./matching.js";
import { joinLabels, joinWords, say } from "./words.js";

/** @import { Aspect, Limit, Remit } from "./types.js" */

const words = WORDS.update;
const ALL = "all";

/** @type {Record<Aspect, string[]>} */
const CODES = {
  areas: Object.keys(FACTS.areas),
  exploitation_types: FACTS.exploitation_types,
  age_groups: FACTS.age_groups,
  genders: FACTS.genders,
};
export const ASPECTS = /** @type {Aspect[]} */ (Object.keys(CODES));

/**
 * The codes that a report can be limited to: each is within the remit, and less than all of it.
 * @param {Remit} remit
 * @param {Aspect} aspect
 */
export function limitingCodes(remit, aspect) {
  const allowed = limitedRemit(remit, CODES)[aspect].map((each) => (typeof each === "string" ? each : each.code));
  return allowed.filter((code) => isLess(code, remit, aspect));
}

/**
 * Whether a code leaves out somebody whom the remit takes.
 * @param {string} code
 * @param {Remit} remit
 * @param {Aspect} aspect
 */
function isLess(code, remit, aspect) {
  if (aspect === "areas") return !remit.areas.every((own) => cover([code], own.code) === "whole");
  const own = members(remit[aspect], CODES[aspect]);
  if (aspect === "age_groups") return !own.every((age) => takesAge([code], age));
  // Of an unknown remit there are none.
  return own.length !== 1;
}

/**
 * Whether a limit leaves out nobody whom the remit takes, as domain.remit.
 * @param {Remit} remit
 * @param {Limit} limit
 */
export function takesTheSame(remit, limit) {
  const limited = limitedRemit(remit, limit);
  const [own, now] = [remit, limited].map(({ areas, exploitation_types: types, age_groups: ages, genders }) => {
    const places = areas.map(({ code }) => code);
    return [
      types.includes("unknown"),
      CODES.areas.map((code) => cover(places, code)),
      members(types, CODES.exploitation_types),
      CODES.age_groups.map((age) => takesAge(ages, age)),
      members(genders, CODES.genders),
    ];
  });
  return JSON.stringify(own) === JSON.stringify(now);
}

/**
 * "Adult women · London", as wording.sentences.limit_in_words.
 * @param {Remit} remit
 * @param {Limit} limit
 */
export function limitInWords(remit, limit) {
  const limited = limitedRemit(remit, limit);
  if (isEmpty(limited)) return words.nobody_in_remit;
  const parts = [];
  if (isLimited(limit.age_groups) || isLimited(limit.genders)) parts.push(peopleInWords(limited));
  if (isLimited(limit.exploitation_types)) {
    parts.push(joinLabels(limited.exploitation_types, FACTS.exploitation_labels));
  }
  if (isLimited(limit.areas)) {
    const codes = limited.areas.map(({ code }) => code);
    parts.push(joinLabels(codes, FACTS.area_names));
  }
  return parts.join(" · ");
}

/** @param {string[]} codes */
function isLimited(codes) {
  return !codes.includes(ALL);
}

/** @param {Remit} remit */
function peopleInWords({ age_groups, genders }) {
  const groups = members(age_groups, FACTS.age_groups);
  const ages = joinWords(groups.map((group, n) => FACTS.ages[group][n ? 1 : 0]));
  if (genders.includes(ALL)) return ages;
  const labels = groups.includes("child") ? FACTS.gender_labels_with_children : FACTS.gender_labels;
  const people = joinLabels(members(genders, FACTS.genders), labels);
  if (groups.length === 1 && groups[0] === "adult") return say(words.adult_people, { people });
  return say(words.people_of_ages, { ages, people });
}

// The rules of domain/matching.py, over responders as in /v1/directory. tests/vectors/matching.json checks both.

import { FACTS } from "./facts.js";

/** @import { Candidate, Decision, Limit, Outcome, MatchQuestion, Remit, Responder, Situation } from "./types.js" */

/** @type {Outcome[]} */
export const OUTCOMES = ["yes", "waiting_list", "ask", "no"];

const AREAS = FACTS.areas;
const REASONS = Object.keys(FACTS.reason_outcomes);
const UNITED_KINGDOM = "K02000001";
const ALL = "all";
const UNKNOWN = "unknown";

// The areas that make up another one. Places of the kind "part" do not: they leave some of it over.
/** @type {Map<string, string[]>} */
const PARTS = new Map();
for (const [code, [parent, kind]] of Object.entries(AREAS)) {
  if (parent && kind !== "part") PARTS.set(parent, [...(PARTS.get(parent) ?? []), code]);
}

/**
 * @param {string} code
 * @param {string} other
 */
function isWithin(code, other) {
  /** @type {string | null} */
  let area = code;
  while (area && area !== other) [area] = AREAS[area];
  return area === other;
}

/**
 * How much of `asked` the areas of a remit cover together.
 * @param {string[]} areas
 * @param {string} asked
 * @returns {"whole" | "part" | "none"}
 */
export function cover(areas, asked) {
  if (areas.some((area) => isWithin(asked, area))) return "whole";
  if (PARTS.get(asked)?.every((part) => cover(areas, part) === "whole")) return "whole";
  return areas.some((area) => isWithin(area, asked)) ? "part" : "none";
}

/**
 * Whether a set includes a code. An unknown set includes none.
 * @param {string[]} codes
 * @param {string | null} code
 */
function includes(codes, code) {
  return codes.includes(ALL) || (code !== null && codes.includes(code));
}

/**
 * The codes of a set. Those of an unknown set are none.
 * @param {string[]} codes
 * @param {string[]} vocabulary
 */
export function members(codes, vocabulary) {
  return vocabulary.filter((code) => includes(codes, code));
}

/**
 * Whether a remit takes everybody of this age group. A young person (18 to 25) is an adult.
 * @param {string[]} ages
 * @param {string} asked
 */
export function takesAge(ages, asked) {
  return includes(ages, asked) || (asked === "young_person" && ages.includes("adult"));
}

/**
 * @param {Remit} remit
 * @param {string | null} asked
 */
function areaReason(remit, asked) {
  const areas = remit.areas.map(({ code }) => code);
  const covered = cover(areas, asked ?? UNITED_KINGDOM);
  if (covered === "whole") return null;
  if (!asked) return "area_not_given";
  return covered === "part" ? "area_partly_covered" : "area_not_covered";
}

/**
 * @param {Remit} remit
 * @param {string | null} asked
 */
function exploitationReason({ exploitation_types: types }, asked) {
  if (types.includes(UNKNOWN)) return "exploitation_unknown";
  if (includes(types, asked)) return null;
  return asked ? "exploitation_not_covered" : "exploitation_not_given";
}

/**
 * @param {Remit} remit
 * @param {string | null} asked
 */
function ageReason({ age_groups: ages }, asked) {
  if (!asked) return takesAge(ages, "adult") && takesAge(ages, "child") ? null : "age_not_given";
  if (takesAge(ages, asked)) return null;
  // An adult may be young enough.
  return asked === "adult" && ages.includes("young_person") ? "young_people_only" : "age_not_covered";
}

/**
 * @param {Remit} remit
 * @param {string | null} asked
 */
function genderReason({ genders }, asked) {
  if (includes(genders, asked)) return null;
  return asked ? "gender_not_covered" : "gender_not_given";
}

// In the order of a situation's values. The second is the reason if some values fit and others do not.
/** @type {[judge: (remit: Remit, asked: string | null) => string | null, partly: string][]} */
const ASPECTS = [
  [areaReason, "area_partly_covered"],
  [exploitationReason, "exploitation_partly_covered"],
  [ageReason, "age_partly_covered"],
  [genderReason, "gender_partly_covered"],
];

/**
 * The situation of the person that a question is about.
 * @param {MatchQuestion} question
 * @returns {Situation}
 */
export function situationOf(question) {
  const { area, exploitation_type: type, age_group: age, gender } = question;
  return {
    values: [[area || null], [type || null], [age || null], [gender || null]],
    circumstances: question.circumstances ?? [],
    circumstances_excluded: question.circumstances_excluded ?? [],
    existing_client_of: question.existing_client_of ?? [UNKNOWN],
  };
}

/**
 * Every situation that a remit may take. An unknown part of it may take any.
 * @param {Remit} remit
 * @returns {Situation}
 */
export function situationsWithin({ areas, exploitation_types: types, age_groups: ages, genders }) {
  return {
    values: [
      areas.map(({ code }) => code),
      types.includes(UNKNOWN) ? FACTS.exploitation_types : members(types, FACTS.exploitation_types),
      members(ages, FACTS.age_groups),
      members(genders, FACTS.genders),
    ],
    circumstances: [],
    circumstances_excluded: [],
    existing_client_of: [UNKNOWN],
  };
}

/**
 * Whether a question says nothing of a person.
 * @param {Situation} situation
 */
export function saysNothing({ values, circumstances, circumstances_excluded: excluded, existing_client_of: clientOf }) {
  return (
    values.every(([value]) => value === null) && !circumstances.length && !excluded.length && clientOf.includes(UNKNOWN)
  );
}

/**
 * The report that holds. One that has lapsed, on the page or before, says nothing of now.
 * @param {Candidate["intake"]} intake
 */
function currentReport({ state, report }) {
  return state === "unconfirmed" ? null : report;
}

/**
 * The remit now: each limited aspect is replaced by the limit's codes that the remit still allows.
 * @param {Remit} remit
 * @param {Limit} limit
 * @returns {Remit}
 */
export function limitedRemit(remit, limit) {
  const { areas, exploitation_types: types, age_groups: ages, genders } = remit;
  const codes = areas.map(({ code }) => code);
  /** @type {(own: string[], limited: string[], isAllowed: (code: string) => boolean) => string[]} */
  const narrowed = (own, limited, isAllowed) => (limited.includes(ALL) ? own : limited.filter(isAllowed));
  return {
    ...remit,
    areas: narrowed(codes, limit.areas, (code) => cover(codes, code) === "whole").map((code) => ({ code })),
    exploitation_types: narrowed(
      types,
      limit.exploitation_types,
      (code) => types.includes(UNKNOWN) || includes(types, code),
    ),
    age_groups: narrowed(ages, limit.age_groups, (code) => takesAge(ages, code)),
    genders: narrowed(genders, limit.genders, (code) => includes(genders, code)),
  };
}

/** Whether a remit takes nobody. @param {Remit} remit */
export function isEmpty({ areas, exploitation_types: types, age_groups: ages, genders }) {
  return [areas, types, ages, genders].some(({ length }) => !length);
}

/**
 * @param {string} slug
 * @param {Remit} remit
 * @param {Situation} situation
 */
function remitReasons(slug, remit, { values, existing_client_of: clientOf }) {
  const codes = ["within_remit"];
  if (remit.existing_clients_only) codes.push(existingClientReason(slug, clientOf));
  for (const [number, [judge, partly]] of ASPECTS.entries()) {
    const reasons = new Set(values[number].map((value) => judge(remit, value)));
    const code = reasons.size > 1 ? partly : [...reasons][0];
    if (code) codes.push(code);
  }
  return codes;
}

/**
 * @param {string} slug
 * @param {string[]} clientOf
 */
function existingClientReason(slug, clientOf) {
  if (clientOf.includes(slug)) return "existing_client";
  return clientOf.includes(UNKNOWN) ? "existing_client_not_given" : "existing_clients_only";
}

/**
 * As `remitReasons`, for a remit that a report limits: a refusal is one of the limit.
 * @param {string} slug
 * @param {Remit} remit
 * @param {Limit} limit
 * @param {Situation} situation
 */
function limitedReasons(slug, remit, limit, situation) {
  const limited = limitedRemit(remit, limit);
  if (isEmpty(limited)) return ["outside_current_limit"];
  return remitReasons(slug, limited, situation).map((code) => (isRefusal(code) ? "outside_current_limit" : code));
}

/** @param {string} code */
function isRefusal(code) {
  return FACTS.reason_outcomes[code] === "no";
}

/**
 * @param {Candidate} responder
 * @param {Situation} situation
 */
function stateReasons({ slug, intake }, situation) {
  if (intake.state !== "paused") return [intake.state];
  const exceptions = intake.report?.exceptions ?? [];
  if (!exceptions.length) return ["paused"];
  const clientOf = situation.existing_client_of;
  const applying = [...situation.circumstances, ...(clientOf.includes(slug) ? ["existing_client"] : [])];
  const given = exceptions.filter((exception) => applying.includes(exception));
  if (given.length) return given.map((exception) => `exception_${exception}`);
  const excluded = [...situation.circumstances_excluded, ...(clientOf.includes(UNKNOWN) ? [] : ["existing_client"])];
  const unsaid = exceptions.filter((exception) => !excluded.includes(exception));
  if (unsaid.length) return unsaid.map((exception) => `exception_not_given_${exception}`);
  return ["paused_with_exceptions"];
}

/**
 * The outcome and the reasons that decide it, in their order.
 * @param {Candidate} responder
 * @param {Situation} situation
 * @returns {Decision}
 */
export function decide(responder, situation) {
  const { slug, remit, intake } = responder;
  const limit = currentReport(intake)?.limited_to;
  let reasons = remitReasons(slug, remit, situation);
  // To somebody whom the remit never takes, the limit of today does not matter.
  if (limit && !reasons.some(isRefusal)) reasons = limitedReasons(slug, remit, limit, situation);
  const codes = new Set([...reasons, ...stateReasons(responder, situation)]);
  // The gravest outcome of all reasons.
  const outcome = OUTCOMES[Math.max(...[...codes].map((code) => OUTCOMES.indexOf(FACTS.reason_outcomes[code])))];
  return { outcome, reasons: REASONS.filter((code) => codes.has(code) && FACTS.reason_outcomes[code] === outcome) };
}

/**
 * Whether a responder may take somebody new: it is open, or paused with an exception that applies or may apply.
 * @param {Candidate["intake"]} intake
 * @param {Pick<Decision, "outcome">} decision
 */
export function isAccepting({ state }, { outcome }) {
  return outcome === "yes" || (outcome === "ask" && (state === "open" || state === "paused"));
}

/**
 * The responders other than `own` that may take the person of a question, best first.
 * A question that says nothing is about everybody within the remit of `own`: what limits it now does not matter.
 * @param {Responder} own
 * @param {Responder[]} responders
 * @param {MatchQuestion} question
 */
export function alternatives(own, responders, question = {}) {
  const asked = situationOf(question);
  const situation = saysNothing(asked) ? situationsWithin(own.remit) : asked;
  return responders
    .filter(({ slug }) => slug !== own.slug)
    .map((responder) => ({ responder, outcome: decide(responder, situation).outcome }))
    .filter(({ outcome }) => outcome !== "no")
    .sort((one, other) => OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome));
}

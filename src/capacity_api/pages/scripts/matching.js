// The rules of domain/matching.py, over responders as in /v1/directory. tests/vectors/matching.json checks both.

import { FACTS } from "./facts.js";

/** @import { Candidate, Decision, Intake, Outcome, Question, Remit, Responder, Situation } from "./types.js" */

/** @type {Outcome[]} */
export const OUTCOMES = ["yes", "waiting_list", "ask", "no"];

const AREAS = FACTS.areas;
const REASONS = Object.keys(FACTS.reason_outcomes);
const UNITED_KINGDOM = "K02000001";

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
  if (types === null) return "exploitation_unknown";
  if (types === "all" || (asked && types.includes(asked))) return null;
  return asked ? "exploitation_not_covered" : "exploitation_not_given";
}

/**
 * @param {Remit} remit
 * @param {string | null} asked
 */
function ageReason({ age_groups: ages }, asked) {
  // Young people are adults.
  if (!asked) return ages.includes("adult") && ages.includes("child") ? null : "age_not_given";
  const fitting = asked === "child" ? ["child"] : ["adult", "young_person"];
  if (!fitting.some((age) => ages.includes(age))) return "age_not_covered";
  return asked === "adult" && !ages.includes("adult") ? "young_people_only" : null;
}

/**
 * @param {Remit} remit
 * @param {string | null} asked
 */
function genderReason({ genders }, asked) {
  if (genders === "all" || (asked && genders.includes(asked))) return null;
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
 * @param {Question} question
 * @returns {Situation}
 */
export function situationOf(question) {
  const { area = null, exploitation_type: type = null, age_group: age = null, gender = null } = question;
  return {
    values: [[area], [type], [age], [gender]],
    circumstances: question.circumstances ?? [],
    existing_client_of: question.existing_client_of ?? null,
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
      Array.isArray(types) ? types : FACTS.exploitation_types,
      ages,
      Array.isArray(genders) ? genders : FACTS.genders,
    ],
    circumstances: [],
    existing_client_of: null,
  };
}

/**
 * @param {Candidate["intake"]} intake
 * @param {string[]} circumstances
 */
function stateReasons({ state, exceptions }, circumstances) {
  if (state !== "paused") return [state];
  const applying = exceptions.filter((exception) => circumstances.includes(exception));
  if (applying.length) return applying.map((exception) => `exception_${exception}`);
  return [exceptions.length ? "paused_with_exceptions" : "paused"];
}

/**
 * The outcome and the reasons that decide it, in their order.
 * @param {Candidate} responder
 * @param {Situation} situation
 * @returns {Decision}
 */
export function decide({ slug, remit, intake }, situation) {
  const codes = new Set(["within_remit", ...stateReasons(intake, situation.circumstances)]);
  if (remit.existing_clients_only) {
    codes.add(situation.existing_client_of === slug ? "existing_client" : "existing_clients_only");
  }
  for (const [number, [judge, partly]] of ASPECTS.entries()) {
    const reasons = new Set(situation.values[number].map((value) => judge(remit, value)));
    const code = reasons.size > 1 ? partly : [...reasons][0];
    if (code) codes.add(code);
  }
  // The gravest outcome of all reasons.
  const outcome = OUTCOMES[Math.max(...[...codes].map((code) => OUTCOMES.indexOf(FACTS.reason_outcomes[code])))];
  return { outcome, reasons: REASONS.filter((code) => codes.has(code) && FACTS.reason_outcomes[code] === outcome) };
}

/**
 * Whether a responder can take somebody new: it is open, or paused with an exception that applies.
 * @param {Intake} intake
 * @param {Decision} decision
 */
export function isAccepting({ state }, { outcome, reasons }) {
  return outcome !== "no" && (state === "open" || reasons.some((code) => code.startsWith("exception_")));
}

/**
 * The responders other than `own` that may take people of its remit, best first.
 * @param {Responder} own
 * @param {Responder[]} responders
 */
export function alternatives(own, responders) {
  const situations = situationsWithin(own.remit);
  return responders
    .filter(({ slug }) => slug !== own.slug)
    .map((responder) => ({ responder, outcome: decide(responder, situations).outcome }))
    .filter(({ outcome }) => outcome !== "no")
    .sort((one, other) => OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome));
}

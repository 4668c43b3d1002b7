// The rules of domain/matching.py over a responder as in /v1/directory. tests/vectors/matching.json holds both to them.

import { FACTS } from "./facts.js";

export const OUTCOMES = ["yes", "waiting_list", "ask", "no"];

const AREAS = FACTS.areas;
const REASONS = Object.keys(FACTS.reasons);
const UNITED_KINGDOM = "K02000001";

// Only the United Kingdom and England are made up wholly of the places below them: a "part" leaves something over.
const PARTS = new Map();
for (const [code, [parent, kind]] of Object.entries(AREAS)) {
  if (parent && kind !== "part") PARTS.set(parent, [...(PARTS.get(parent) ?? []), code]);
}

function isWithin(code, other) {
  for (let place = code; place; [place] = AREAS[place]) if (place === other) return true;
  return false;
}

/** How much of `asked` the places of a remit reach together: "whole", "part" or "none". */
export function cover(named, asked) {
  if (named.some((code) => isWithin(asked, code))) return "whole";
  if (PARTS.get(asked)?.every((part) => cover(named, part) === "whole")) return "whole";
  return named.some((code) => isWithin(code, asked)) ? "part" : "none";
}

function areaReason(remit, asked) {
  const named = remit.areas.map((each) => each.code);
  switch (cover(named, asked ?? UNITED_KINGDOM)) {
    case "whole": return null;
    case "part": return asked ? "area_partly_covered" : "area_not_given";
    default: return asked ? "area_not_covered" : "area_not_given";
  }
}

function exploitationReason({ exploitation_types: kinds }, asked) {
  if (kinds === null) return "exploitation_unknown";
  if (kinds === "all" || kinds.includes(asked)) return null;
  return asked ? "exploitation_not_covered" : "exploitation_not_given";
}

function ageReason({ age_groups: ages }, asked) {
  // Young people are adults.
  if (!asked) return ages.includes("adult") && ages.includes("child") ? null : "age_not_given";
  const taken = asked === "child" ? ["child"] : ["adult", "young_person"];
  if (!taken.some((each) => ages.includes(each))) return "age_not_covered";
  return asked === "adult" && !ages.includes("adult") ? "young_people_only" : null;
}

function genderReason({ genders }, asked) {
  if (genders === "all" || genders.includes(asked)) return null;
  return asked ? "gender_not_covered" : "gender_not_given";
}

const ASPECTS = [
  [areaReason, "area_partly_covered"],
  [exploitationReason, "exploitation_partly_covered"],
  [ageReason, "age_partly_covered"],
  [genderReason, "gender_partly_covered"],
];

/** The one situation of a question; null is "not said". */
export function about(question) {
  return {
    answers: ["area", "exploitation_type", "age_group", "gender"].map((name) => [question[name] ?? null]),
    circumstances: question.circumstances ?? [],
    existing_client_of: question.existing_client_of ?? null,
  };
}

/** Every situation that a remit may take on: where it is unknown, any. */
export function within({ areas, exploitation_types: kinds, age_groups: ages, genders }) {
  return {
    answers: [
      areas.map((each) => each.code),
      Array.isArray(kinds) ? kinds : FACTS.kinds,
      ages,
      Array.isArray(genders) ? genders : FACTS.genders,
    ],
    circumstances: [],
    existing_client_of: null,
  };
}

function stateReasons({ state, exceptions }, circumstances) {
  if (state !== "paused") return [state];
  const applying = exceptions.filter((each) => circumstances.includes(each));
  if (applying.length) return applying.map((each) => `exception_${each}`);
  return [exceptions.length ? "paused_with_exceptions" : "paused"];
}

/** The outcome and the reasons that decide it, in their order. */
export function decide({ slug, remit, intake }, asked) {
  const codes = new Set(["within_remit", ...stateReasons(intake, asked.circumstances)]);
  if (remit.existing_clients_only) {
    codes.add(asked.existing_client_of === slug ? "existing_client" : "existing_clients_only");
  }
  ASPECTS.forEach(([judge, partly], number) => {
    const found = new Set(asked.answers[number].map((answer) => judge(remit, answer)));
    const code = found.size > 1 ? partly : [...found][0];
    if (code) codes.add(code);
  });
  const gravest = Math.max(...[...codes].map((code) => OUTCOMES.indexOf(FACTS.reasons[code])));
  const outcome = OUTCOMES[gravest];
  return { outcome, reasons: REASONS.filter((code) => codes.has(code) && FACTS.reasons[code] === outcome) };
}

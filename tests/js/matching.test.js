import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import {
  alternatives,
  cover,
  decide,
  isAccepting,
  saysNothing,
  situationOf,
  situationsWithin,
} from "#scripts/matching.js";

/** @import { Candidate, Decision, Limit, MatchQuestion, Remit, Responder, State } from "#scripts/types.js" */

/** @type {{ questions: (Decision & { question: MatchQuestion, responder: Candidate })[], alternatives: (Decision & { remit: Remit, responder: Candidate })[] }} */
const vectors = JSON.parse(readFileSync(new URL("../vectors/matching.json", import.meta.url), "utf8"));

/** @type {Remit} */
const EVERYBODY = {
  areas: [{ code: "K02000001" }],
  exploitation_types: ["all"],
  age_groups: ["adult", "child", "young_person"],
  genders: ["all"],
  existing_clients_only: false,
};

/** @type {Limit} */
const NO_LIMIT = { areas: ["all"], exploitation_types: ["all"], age_groups: ["all"], genders: ["all"] };

/**
 * @param {State} state
 * @param {string[]} exceptions
 * @param {Partial<Limit>} [limit]
 * @returns {Candidate["intake"]}
 */
function intake(state, exceptions = [], limit) {
  return { state, report: { exceptions, limited_to: limit ? { ...NO_LIMIT, ...limit } : null } };
}

/**
 * @param {string} slug
 * @param {Candidate["intake"]} intake
 * @param {Partial<Remit>} remit
 * @returns {Responder}
 */
function responder(slug, intake, remit = {}) {
  // The rules read no more of an intake.
  return /** @type {Responder} */ ({ slug, name: slug, intake, remit: { ...EVERYBODY, ...remit } });
}

/**
 * The outcome and the reasons, as one list.
 * @param {Candidate["intake"]} intake
 * @param {MatchQuestion} question
 * @param {Partial<Remit>} remit
 */
function decided(intake, question, remit = {}) {
  const { outcome, reasons } = decide(responder("tara", intake, remit), situationOf(question));
  return [outcome, ...reasons];
}

test("every question of the vectors is decided as the service decides it", () => {
  assert.ok(vectors.questions.length >= 200);
  for (const { question, responder, outcome, reasons } of vectors.questions) {
    assert.deepEqual(decide(responder, situationOf(question)), { outcome, reasons }, JSON.stringify(question));
  }
});

test("every remit of the vectors is decided as the service decides it", () => {
  assert.ok(vectors.alternatives.length >= 40);
  for (const { remit, responder, outcome, reasons } of vectors.alternatives) {
    assert.deepEqual(decide(responder, situationsWithin(remit)), { outcome, reasons }, JSON.stringify(remit));
  }
});

describe("areas", () => {
  test("a region is within its country and the United Kingdom", () => {
    assert.equal(cover(["E92000001"], "E12000007"), "whole");
    assert.equal(cover(["K02000001"], "E12000007"), "whole");
  });

  test("the four nations make up the United Kingdom", () => {
    assert.equal(cover(["E92000001", "N92000002", "S92000003", "W92000004"], "K02000001"), "whole");
    assert.equal(cover(["E92000001", "S92000003", "W92000004"], "K02000001"), "part");
  });

  test("a place that is only a part of a region does not make it up", () => {
    assert.equal(cover(["E47000009"], "E12000009"), "part");
  });

  test("another nation is not covered", () => {
    assert.equal(cover(["S92000003"], "E12000007"), "none");
  });
});

describe("a pause with exceptions", () => {
  const paused = intake("paused", ["self_referral", "existing_client"]);
  const excluded = { circumstances_excluded: ["self_referral", "detention"] };

  test("what is not ticked was not said, and so is to be asked", () => {
    assert.deepEqual(decided(paused, {}), [
      "ask",
      "exception_not_given_self_referral",
      "exception_not_given_existing_client",
    ]);
    assert.deepEqual(decided(paused, { circumstances: ["detention"] })[0], "ask");
    assert.deepEqual(decided(paused, excluded), ["ask", "exception_not_given_existing_client"]);
  });

  test("it takes those to whom one applies", () => {
    const yes = ["yes", "within_remit"];
    assert.deepEqual(decided(paused, { circumstances: ["self_referral"] }), [...yes, "exception_self_referral"]);
    assert.deepEqual(decided(paused, { existing_client_of: ["tara"] }), [...yes, "exception_existing_client"]);
  });

  test("it takes nobody to whom none applies", () => {
    assert.deepEqual(decided(paused, { ...excluded, existing_client_of: [] }), ["no", "paused_with_exceptions"]);
    assert.deepEqual(decided(paused, { ...excluded, existing_client_of: ["bawso"] })[0], "no");
  });
});

describe("a report with a limit", () => {
  test("refuses whom the limit leaves out, and says so", () => {
    const limited = intake("open", [], { areas: ["E12000007"], genders: ["woman"] });
    assert.deepEqual(decided(limited, { area: "E12000007", gender: "woman" }), ["yes", "within_remit", "open"]);
    assert.deepEqual(decided(limited, { area: "E12000003", gender: "man" }), ["no", "outside_current_limit"]);
    assert.deepEqual(decided(limited, { gender: "woman" }), ["ask", "area_not_given"]);
  });

  test("does not matter to whoever is outside the remit", () => {
    const limited = intake("open", [], { genders: ["woman"] });
    assert.deepEqual(decided(limited, { gender: "man" }, { genders: ["woman", "non_binary"] }), [
      "no",
      "gender_not_covered",
    ]);
  });

  test("takes nobody when the remit no longer allows any of it", () => {
    const limited = intake("open", [], { age_groups: ["child"] });
    assert.deepEqual(decided(limited, {}, { age_groups: ["adult"] }), ["no", "outside_current_limit"]);
  });

  test("holds no longer once it has lapsed on the page", () => {
    const limited = intake("open", [], { genders: ["woman"] });
    assert.deepEqual(decided({ ...limited, state: "unconfirmed" }, { gender: "man" }), ["ask", "unconfirmed"]);
  });
});

test("a paused responder accepts somebody only by an exception that applies or may apply", () => {
  const situation = situationOf({ circumstances: ["detention"] });
  for (const [reported, accepting] of /** @type {[Candidate["intake"], boolean][]} */ ([
    [intake("open"), true],
    [intake("waiting_list"), false],
    [{ state: "unconfirmed", report: null }, false],
    [intake("paused"), false],
    [intake("paused", ["detention"]), true],
    [intake("paused", ["other_urgent"]), true],
  ])) {
    const decision = decide(responder("tara", reported), situation);
    assert.equal(isAccepting(reported, decision), accepting, JSON.stringify(reported));
  }
});

test("a question says nothing until something of the person is said", () => {
  assert.ok(saysNothing(situationOf({})));
  assert.ok(saysNothing(situationOf({ area: "", gender: null, circumstances: [] })));
  assert.ok(!saysNothing(situationOf({ area: "E12000007" })));
  assert.ok(!saysNothing(situationOf({ circumstances_excluded: ["detention"] })));
  assert.ok(!saysNothing(situationOf({ existing_client_of: [] })));
});

describe("alternatives", () => {
  /** @type {(found: ReturnType<typeof alternatives>) => string[][]} */
  const summary = (found) => found.map(({ responder: { slug }, outcome }) => [slug, outcome]);
  const own = responder("own", intake("open", [], { exploitation_types: ["labour"] }), { genders: ["woman"] });
  const responders = [
    own,
    responder("unconfirmed", { state: "unconfirmed", report: null }),
    responder("paused", intake("paused")),
    responder("excepting", intake("paused", ["detention"])),
    responder("for-men", intake("open"), { genders: ["man"] }),
    responder("waiting", intake("waiting_list")),
    responder("open", intake("open")),
    responder("open-for-labour", intake("open"), { exploitation_types: ["labour"] }),
  ];

  test("leave out the responder itself and those that cannot help, best first", () => {
    assert.deepEqual(summary(alternatives(own, responders)), [
      ["open", "yes"],
      ["waiting", "waiting_list"],
      ["unconfirmed", "ask"],
      ["excepting", "ask"],
      // What limits its own report does not matter: the remit is for every kind.
      ["open-for-labour", "ask"],
    ]);
  });

  test("answer the question that was asked", () => {
    const question = { area: "E12000007", exploitation_type: "labour", age_group: "adult", gender: "man" };
    assert.deepEqual(summary(alternatives(own, responders, { ...question, circumstances: ["detention"] })), [
      ["excepting", "yes"],
      ["for-men", "yes"],
      ["open", "yes"],
      ["open-for-labour", "yes"],
      ["waiting", "waiting_list"],
      ["unconfirmed", "ask"],
    ]);
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { alternatives, cover, decide, isAccepting, situationOf, situationsWithin } from "#scripts/matching.js";

/** @import { Candidate, Decision, Intake, Question, Remit, Responder } from "#scripts/types.js" */

/** @type {{ questions: (Decision & { question: Question, responder: Candidate })[], alternatives: (Decision & { remit: Remit, responder: Candidate })[] }} */
const vectors = JSON.parse(readFileSync(new URL("../vectors/matching.json", import.meta.url), "utf8"));

/** @type {Remit} */
const EVERYBODY = {
  areas: [{ code: "K02000001" }],
  exploitation_types: "all",
  age_groups: ["adult", "child", "young_person"],
  genders: "all",
  existing_clients_only: false,
};

/**
 * @param {string} slug
 * @param {Partial<Intake>} intake
 * @param {Partial<Remit>} remit
 * @returns {Responder}
 */
function responder(slug, intake, remit = {}) {
  return { slug, name: slug, intake: { state: "open", exceptions: [], ...intake }, remit: { ...EVERYBODY, ...remit } };
}

test("every question of the vectors is decided as the service decides it", () => {
  assert.ok(vectors.questions.length >= 100);
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

test("a paused responder accepts somebody only by an exception", () => {
  const situation = situationOf({ circumstances: ["detention"] });
  for (const [intake, accepting] of /** @type {[Intake, boolean][]} */ ([
    [{ state: "open", exceptions: [] }, true],
    [{ state: "waiting_list", exceptions: [] }, false],
    [{ state: "unconfirmed", exceptions: [] }, false],
    [{ state: "paused", exceptions: [] }, false],
    [{ state: "paused", exceptions: ["detention"] }, true],
    [{ state: "paused", exceptions: ["other_urgent"] }, false],
  ])) {
    const decision = decide(responder("tara", intake), situation);
    assert.equal(isAccepting(intake, decision), accepting, JSON.stringify(intake));
  }
});

test("alternatives leave out the responder itself and those that cannot help, best first", () => {
  const own = responder("own", { state: "paused" }, { genders: ["woman"] });
  const found = alternatives(own, [
    own,
    responder("unconfirmed", { state: "unconfirmed" }),
    responder("paused", { state: "paused" }),
    responder("for-men", {}, { genders: ["man"] }),
    responder("waiting", { state: "waiting_list" }),
    responder("open", {}),
  ]);
  assert.deepEqual(
    found.map(({ responder: { slug }, outcome }) => [slug, outcome]),
    [
      ["open", "yes"],
      ["waiting", "waiting_list"],
      ["unconfirmed", "ask"],
    ],
  );
});

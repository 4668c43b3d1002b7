import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { limitInWords, limitingCodes, takesTheSame } from "#scripts/limit.js";

/** @import { Limit, Remit } from "#scripts/types.js" */

/**
 * @param {string[]} areas
 * @param {Partial<Remit>} changes
 * @returns {Remit}
 */
function remit(areas, changes = {}) {
  return {
    areas: areas.map((code) => ({ code })),
    exploitation_types: ["all"],
    age_groups: ["adult"],
    genders: ["all"],
    existing_clients_only: false,
    ...changes,
  };
}

describe("what a responder can limit a report to", () => {
  test("the areas within its own, but not all of it", () => {
    const areas = limitingCodes(remit(["S92000003", "E12000009"]), "areas");
    // Scotland and the South West leave out each other; the West of England leaves out most of both.
    assert.ok(areas.includes("S92000003") && areas.includes("E12000009"));
    assert.equal(areas.length, 3);
    assert.deepEqual(limitingCodes(remit(["S92000003"]), "areas"), []);
    const nation = limitingCodes(remit(["E92000001"]), "areas");
    assert.ok(nation.includes("E12000007") && !nation.includes("E92000001") && !nation.includes("K02000001"));
  });

  test("young people, for a remit for adults", () => {
    assert.deepEqual(limitingCodes(remit([]), "age_groups"), ["young_person"]);
    const everybody = remit([], { age_groups: ["adult", "child"] });
    assert.deepEqual(limitingCodes(everybody, "age_groups"), ["adult", "child", "young_person"]);
  });

  test("any kind of exploitation where the remit does not say, and none where there is one alone", () => {
    const unknown = limitingCodes(remit([], { exploitation_types: ["unknown"] }), "exploitation_types");
    assert.deepEqual(unknown, limitingCodes(remit([]), "exploitation_types"));
    assert.equal(unknown.length, 6);
    assert.deepEqual(limitingCodes(remit([], { exploitation_types: ["labour"] }), "exploitation_types"), []);
  });

  test("the genders of the remit alone", () => {
    const some = remit([], { genders: ["woman", "non_binary"] });
    assert.deepEqual(limitingCodes(some, "genders"), ["woman", "non_binary"]);
    assert.deepEqual(limitingCodes(remit([], { genders: ["woman"] }), "genders"), []);
  });
});

describe("a limit in words", () => {
  /** @type {Limit} */
  const none = { areas: ["all"], exploitation_types: ["all"], age_groups: ["all"], genders: ["all"] };

  test("names what is limited and nothing else", () => {
    const own = remit(["E92000001"]);
    assert.equal(limitInWords(own, { ...none, areas: ["E12000007"] }), "London");
    assert.equal(limitInWords(own, { ...none, genders: ["woman"] }), "Adult women");
    assert.equal(limitInWords(own, { ...none, exploitation_types: ["sexual"] }), "sexual exploitation");
  });

  test("is nobody, once the remit allows none of it", () => {
    assert.equal(limitInWords(remit(["S92000003"]), { ...none, areas: ["E12000007"] }), "nobody that it usually helps");
  });
});

describe("a limit that leaves out nobody", () => {
  /** @param {Partial<Limit>} codes */
  function limit(codes) {
    return { areas: ["all"], exploitation_types: ["all"], age_groups: ["all"], genders: ["all"], ...codes };
  }

  test("names all that the remit has, in whatever codes", () => {
    const nations = ["E92000001", "W92000004", "S92000003", "N92000002"];
    assert.ok(takesTheSame(remit(["K02000001"]), limit({ areas: nations })));
    assert.ok(takesTheSame(remit(["K02000001"]), limit({ age_groups: ["adult"] })));
  });

  test("is none if one code is missing", () => {
    assert.ok(!takesTheSame(remit(["K02000001"]), limit({ areas: ["E92000001", "W92000004", "S92000003"] })));
    assert.ok(!takesTheSame(remit(["K02000001"]), limit({ age_groups: ["young_person"] })));
    assert.ok(!takesTheSame(remit(["K02000001"]), limit({ genders: ["woman"] })));
    const unknown = remit(["K02000001"], { exploitation_types: ["unknown"] });
    assert.ok(!takesTheSame(unknown, limit({ exploitation_types: ["sexual"] })));
  });
});

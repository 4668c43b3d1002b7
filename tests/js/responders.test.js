import assert from "node:assert/strict";
import { test } from "node:test";

import { directory, sortByName, store } from "#scripts/responders.js";

/** @import { Responder } from "#scripts/types.js" */

/**
 * @param {string} slug
 * @param {string} name
 * @param {Responder["intake"]["state"]} state
 * @returns {Responder}
 */
function responder(slug, name, state = "open") {
  return {
    slug,
    name,
    remit: {
      areas: [],
      exploitation_types: ["unknown"],
      age_groups: ["adult"],
      genders: ["all"],
      existing_clients_only: false,
    },
    intake: { state },
  };
}

test("responders are sorted by name without regard to case, and by slug where names are the same", () => {
  const sorted = sortByName([responder("c", "beta"), responder("b", "Alpha"), responder("a", "ALPHA")]);
  assert.deepEqual(
    sorted.map(({ slug }) => slug),
    ["a", "b", "c"],
  );
});

test("storing a directory returns what is new or has changed, and forgets what is gone", () => {
  assert.deepEqual(store({ sequence: 1, responders: [responder("a", "A"), responder("b", "B")] }), ["a", "b"]);
  assert.deepEqual(store({ sequence: 2, responders: [responder("b", "B"), responder("a", "A")] }), []);
  assert.deepEqual(store({ sequence: 3, responders: [responder("b", "B", "paused"), responder("c", "C")] }), [
    "b",
    "c",
  ]);
  assert.deepEqual([...directory.responders.keys()], ["b", "c"]);
  assert.equal(directory.sequence, 3);
});

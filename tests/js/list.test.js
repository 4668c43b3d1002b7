import assert from "node:assert/strict";
import { test } from "node:test";

import { moveInto } from "#scripts/list.js";

/** A list of the document, as far as `moveInto` needs one; it counts the moves. */
class List {
  /** @type {Entry[]} */
  children = [];
  moves = 0;

  /** @param {Entry[]} entries */
  constructor(...entries) {
    for (const entry of entries) this.insertBefore(entry, null);
    this.moves = 0;
  }

  get firstElementChild() {
    return this.children[0] ?? null;
  }

  /**
   * @param {Entry} entry
   * @param {Entry | null} next
   */
  insertBefore(entry, next) {
    const others = entry.list?.children;
    others?.splice(others.indexOf(entry), 1);
    this.children.splice(next ? this.children.indexOf(next) : this.children.length, 0, entry);
    entry.list = this;
    this.moves += 1;
  }

  get names() {
    return this.children.map(({ name }) => name).join("");
  }
}

class Entry {
  /** @type {List | undefined} */
  list;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  get nextElementSibling() {
    const siblings = this.list?.children ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }
}

/** @param {[List, Entry[]][]} lists */
function move(...lists) {
  moveInto(/** @type {any} */ (new Map(lists)));
}

test("entries that are in their place do not move", () => {
  const [a, b, c] = [..."abc"].map((name) => new Entry(name));
  const list = new List(a, b, c);
  move([list, [a, b, c]]);
  assert.deepEqual([list.names, list.moves], ["abc", 0]);
});

test("one entry that changes its list moves once, and the others stay", () => {
  const [a, b, c, d] = [..."abcd"].map((name) => new Entry(name));
  const [open, paused] = [new List(a, b, c), new List(d)];
  move([open, [a, c]], [paused, [b, d]]);
  assert.deepEqual([open.names, open.moves], ["ac", 0]);
  assert.deepEqual([paused.names, paused.moves], ["bd", 1]);
});

test("whatever the order before, each list has its entries in order", () => {
  const entries = [..."abcdef"].map((name) => new Entry(name));
  const [a, b, c, d, e, f] = entries;
  const [one, other, third] = [new List(f, b, e), new List(a, d), new List(c)];
  move([one, [a, b, c]], [other, []], [third, [d, e, f]]);
  assert.deepEqual([one.names, other.names, third.names], ["abc", "", "def"]);
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ServerClock, timeOf } from "#scripts/clock.js";

const MINUTE = 60_000;
const SERVER = Date.parse("2026-12-03T09:00:00Z");
// The device's clock is a day behind, and the page was opened a minute ago.
const device = { wallNow: 0, runningNow: 0, wall: () => device.wallNow, running: () => device.runningNow };
/** @type {ServerClock} */
let clock;

/**
 * @param {number} wall by how much the clock on the wall moves on
 * @param {number} running by how much the running one does
 */
function pass(wall, running = wall) {
  device.wallNow += wall;
  device.runningNow += running;
}

beforeEach(() => {
  device.wallNow = SERVER - 24 * 60 * MINUTE;
  device.runningNow = MINUTE;
  clock = new ServerClock(SERVER, device);
});

test("the time of the page is the time when it was opened", () => {
  assert.equal(clock.now(), SERVER + MINUTE);
});

test("an answer of the server sets it", () => {
  clock.set(SERVER);
  pass(MINUTE);
  assert.equal(clock.now(), SERVER + MINUTE);
});

test("it goes on while the device sleeps, which stops the running clock", () => {
  clock.set(SERVER);
  pass(60 * MINUTE, 0);
  assert.equal(clock.now(), SERVER + 60 * MINUTE);
});

test("somebody who sets the device's clock back cannot stop it", () => {
  clock.set(SERVER);
  pass(-120 * MINUTE, 5 * MINUTE);
  assert.equal(clock.now(), SERVER + 5 * MINUTE);
});

test("an answer that a cache has kept is as old as it says", () => {
  const date = new Date(SERVER).toUTCString();
  assert.equal(timeOf(new Headers({ date, age: "90" })), SERVER + 90_000);
  for (const age of ["0", "", "soon"]) assert.equal(timeOf(new Headers({ date, age })), SERVER);
  assert.equal(timeOf(new Headers({ date })), SERVER);
});

test("an answer without a date says no time", () => {
  assert.ok(Number.isNaN(timeOf(new Headers({ age: "90" }))));
});

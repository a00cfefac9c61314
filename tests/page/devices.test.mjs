// What the devices card says of a device, and whom it offers to claim.

import assert from "node:assert/strict";
import { test } from "node:test";

import { claimable, facts } from "../../backend/app/api/static/devices.js";

const DONGLE = { id: "bat_1", title: "", standing: "claimed", drives: false, latest: null, status: {} };

test("a device that was never heard is only what a person made it", () => {
  assert.deepEqual(facts(DONGLE), []);
  assert.deepEqual(facts({ ...DONGLE, standing: "unclaimed" }), ["nobody has claimed it"]);
  assert.deepEqual(facts({ ...DONGLE, standing: "revoked", title: "Cellar" }), ["bat_1", "shut out"]);
});

test("what it says of itself is told, and nothing that it does not say", () => {
  const status = { inverter: "foxess-h1", writable: false, fw: "0.1.0", fault: "bus", lost: 3 };
  const heard = { ...DONGLE, drives: true, latest: { state: "rules" }, status };
  assert.deepEqual(facts(heard), ["drives this house", "state: rules", "foxess-h1", "read-only", "firmware 0.1.0", "fault: bus", "3 records lost"]);
  assert.deepEqual(facts({ ...heard, status: { writable: true, fault: "", lost: 0 } }), ["drives this house", "state: rules"]);
});

test("only those that nobody has claimed are offered", () => {
  const all = ["unclaimed", "claimed", "revoked", "unclaimed"].map((standing, i) => ({ id: `bat_${i}`, standing }));
  assert.deepEqual(claimable(all), ["bat_0", "bat_3"]);
  assert.deepEqual(claimable([]), []);
});

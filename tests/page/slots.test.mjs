import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, modeSpans, nextChange, pastOf, slotsOf, stepLine } from "../../backend/app/api/static/slots.js";

const still = { charge_kw: 0, discharge_kw: 0, import_kw: 0, export_kw: 0, solar_kw: 0, curtailed_kw: 0, load_kw: 0.5, soc_pct: 50 };
const step = (start, end, more = {}) => ({ ...still, start, end, import_per_kwh: 0.1, export_per_kwh: 0.05, price_class: "cheap", provenance: "published", ...more });
const priced = (start, end) => ({ start, end, import_per_kwh: 0.1, export_per_kwh: 0.05, price_class: "cheap", provenance: "estimated" });

test("an action is named for its flows", () => {
  const named = (more) => actionOf({ ...still, ...more }, 10);
  assert.equal(named({ charge_kw: 3, import_kw: 3.5 }), "charge_grid");
  assert.equal(named({ charge_kw: 1.5, solar_kw: 2 }), "charge_solar");
  assert.equal(named({ discharge_kw: 0.5 }), "serve");
  assert.equal(named({ discharge_kw: 3, export_kw: 2.5 }), "sell");
  assert.equal(named({ solar_kw: 2, export_kw: 1.5 }), "export_solar");
  assert.equal(named({ import_kw: 0.5 }), "hold");
  assert.equal(named({ import_kw: 0.5, soc_pct: 10 }), "idle");
});

test("a step that begins within a priced slot belongs to it", () => {
  const prices = { slots: [priced("2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z"), priced("2026-01-01T00:30:00Z", "2026-01-01T01:00:00Z")] };
  const plan = { reserve_pct: 10, steps: [step("2026-01-01T00:10:00Z", "2026-01-01T00:30:00Z"), step("2026-01-01T01:00:00Z", "2026-01-01T01:30:00Z")] };
  const slots = slotsOf(prices, plan);
  assert.deepEqual(slots.map((each) => Boolean(each.step)), [true, false, true]);
  assert.deepEqual(slots.map((each) => each.estimated), [true, true, false]);
  const [made] = slotsOf({ slots: [{ ...priced("2026-06-01T10:00:00Z", "2026-06-01T10:30:00Z"), provenance: "simulated" }] }, null);
  assert.deepEqual([made.estimated, made.simulated], [false, true]);
  assert.deepEqual(slotsOf(null, null), []);
});

test("the next change is the first other action", () => {
  const plan = { reserve_pct: 10, steps: [step("2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z"), step("2026-01-01T00:30:00Z", "2026-01-01T01:00:00Z", { discharge_kw: 1 })] };
  assert.equal(nextChange(slotsOf(null, plan), Date.parse("2026-01-01T00:10:00Z")).step.action, "serve");
  assert.equal(nextChange([], 0), undefined);
});

test("a mode lasts until the next decision, at most as long as its lease", () => {
  const made = (decided_at, valid_until) => ({ decided_at, valid_until, mode_code: "hold" });
  const spans = modeSpans([made("2026-01-01T00:00:00Z", "2026-01-01T00:35:00Z"), made("2026-01-01T00:30:00Z", "2026-01-01T01:05:00Z")]);
  assert.deepEqual(spans.map(({ start, end }) => (end - start) / 60_000), [30, 35]);
});

test("a step line breaks where slots are not neighbours", () => {
  const line = stepLine([{ start: 0, end: 1, v: 5 }, { start: 2, end: 3, v: 6 }], (each) => each.v);
  assert.deepEqual(line, { x: [0, 1, 2, 2, 3], y: [5, 5, null, 6, 6] });
});

test("measured half-hours become mean powers, the running one over its own time", () => {
  const energies = { solar_kwh: 0, load_kwh: 0.2, import_kwh: 1.2, export_kwh: 0, charge_kwh: 1, discharge_kwh: 0 };
  const row = { start: "2026-01-01T00:00:00Z", end: "2026-01-01T00:30:00Z", source: "actual", hours: 0.5, intent: "grid_charging", energies };
  const past = pastOf({ rows: [row, { ...row, source: "predicted" }, { ...row, source: "missing", energies: null }] });
  assert.deepEqual(past.map(({ action, load_kw, charge_kw }) => ({ action, load_kw, charge_kw })), [{ action: "charge_grid", load_kw: 0.4, charge_kw: 2 }]);
  assert.deepEqual(pastOf(null), []);
});

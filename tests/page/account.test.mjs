import assert from "node:assert/strict";
import { test } from "node:test";
import { ahead, coverageWords, errorWords, skillWords } from "../../backend/app/api/static/quality.js";
import { countWords, emptyWords, firstDue, gaps, paidWords, share } from "../../backend/app/api/static/savings.js";

const ZONE = "Europe/London";
const NOW = Date.parse("2026-01-15T12:10:00Z");
const whole = { passed_hours: 12, settled_hours: 12, estimated_hours: 0, incomplete_hours: 0, unpriced_hours: 0, anomalies: 0 };
const none = { ...whole, passed_hours: 0, settled_hours: 0 };

test("cash and wear are told apart", () => {
  const paid = { period: "day", currency: "GBP", actual: { cost: 1.31, wear: 0.14, stored_change_kwh: 2 }, baselines: [{ saved: 0.2 }] };
  assert.equal(paidWords(paid), "The house paid £1.31 in cash today, and used 14.0p of the battery's life.");
  assert.match(paidWords({ ...paid, baselines: [{ saved: -0.1 }] }), /life. A battery charged for later can look like a loss until it is used.$/);
  assert.match(paidWords({ ...paid, period: "year", actual: { cost: -2, wear: 0 } }), /earned £2.00 in cash this year/);
});

test("shares are whole percents, and nothing is not zero", () => {
  assert.deepEqual([0.824, 0, -0.1, null].map(share), ["82 %", "0 %", "\u221210 %", "–"]);
});

test("says how much of a period counts, and what does not", () => {
  assert.equal(countWords(whole), "Counted: 12 h of 12 h since the ledger began.");
  const poor = { passed_hours: 12, settled_hours: 8, estimated_hours: 0.5, incomplete_hours: 1, unpriced_hours: 0.5, anomalies: 1 };
  assert.equal(
    countWords(poor),
    "Counted: 8.5 h of 12 h since the ledger began; 0.5 h of it estimated; 1 h measured too little to count; 0.5 h without a price, not counted; 2 h not settled yet; 1 slot whose measurements disagree.",
  );
});

test("the first numbers come after the first whole half-hour", () => {
  assert.equal(firstDue(undefined), null);
  assert.equal(firstDue("2026-01-15T12:03:00Z"), Date.parse("2026-01-15T13:05:00Z"));
  assert.equal(firstDue("2026-01-15T12:00:00Z"), Date.parse("2026-01-15T12:35:00Z"));
});

test("an empty account says why and until when", () => {
  const told = (measured, count = none) => emptyWords({ savings: { period: "day", count }, measured, zone: ZONE, now: NOW });
  assert.match(told([{ at: "2026-01-15T12:03:00Z" }]), /first numbers come at about 13:05/);
  assert.match(told([{ at: "2026-01-15T10:03:00Z" }]), /due since 11:05; .* up to two hours/);
  assert.match(told([]), /charge was not measured/);
  assert.match(told([], { ...none, passed_hours: 2, incomplete_hours: 2 }), /Nothing counts today yet. .* 2 h measured too little/);
});

test("names today's doubtful slots, newest first, and the anomalies", () => {
  const rows = [
    { start: "2026-01-14T23:30:00Z", status: "estimated", reason: "yesterday's" },
    { start: "2026-01-15T08:00:00Z", status: "settled", reason: null },
    { start: "2026-01-15T08:30:00Z", status: "estimated", reason: "load from the balance" },
    { start: "2026-01-15T09:00:00Z", status: "incomplete", reason: "no grid" },
    { start: "2026-01-15T12:30:00Z", status: null, reason: null },
  ];
  const savings = { period: "day", start: "2026-01-15T00:00:00Z", parts: [], anomalies: [{ start: "2026-01-15T07:00:00Z", what: "0.4 kWh do not add up" }] };
  const found = gaps({ savings, today: { rows }, zone: ZONE, now: NOW });
  assert.deepEqual(found, ["09:00 incomplete: no grid", "08:30 estimated: load from the balance", "Thu 15 Jan 07:00: 0.4 kWh do not add up"]);
});

test("names the days that are not wholly counted, from the first one on", () => {
  const part = (date, counted) => ({ start: `2026-01-${date}T00:00:00Z`, end: `2026-01-${Number(date) + 1}T00:00:00Z`, counted_hours: counted });
  const parts = [part("10", 0), part("11", 7), part("12", 20), part("13", 24), part("14", 0), part("15", 12), part("16", 0)];
  const since = (NOW - Date.parse("2026-01-11T17:00:00Z")) / 3_600_000;
  const savings = { period: "month", end: "2026-02-01T00:00:00Z", parts, anomalies: [], count: { passed_hours: since } };
  const found = gaps({ savings, today: null, zone: ZONE, now: NOW });
  assert.deepEqual(found, ["Wed 14 Jan: 0 h of 24 h counted", "Mon 12 Jan: 20 h of 24 h counted"]);
});

test("forecast errors are told in words", () => {
  assert.deepEqual([ahead({ from_hours: 0, to_hours: 6 }), ahead({ from_hours: 6, to_hours: 24 })], ["up to 6 hours ahead", "6 to 24 hours ahead"]);
  assert.equal(errorWords({ mae_kw: 0.123, nmae: 0.184, bias_kw: -0.05 }), "off by 0.12 kW, 18 % of the mean, 0.05 kW too low on average");
  assert.deepEqual([coverageWords({ coverage: 0.789 }), coverageWords({ coverage: null })], ["79 % lay inside its 80 % intervals. ", ""]);
  assert.equal(errorWords({ mae_kw: 0.1, nmae: null, bias_kw: 0.01 }), "off by 0.10 kW");
  assert.deepEqual(
    [0.123, -0.2, 0.001, null].map((skill) => skillWords({ skill })),
    ["12 % less wrong than repeating last week.", "20 % more wrong than repeating last week.", "As good as repeating last week.", "No last week to compare with yet."],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { age, amount, clock, dayBefore, instant, localise, price, simulatedWords, unit, wall, when } from "../../backend/app/api/static/format.js";

test("prices are in the unit people use", () => {
  assert.equal(price(0.1004, "GBP"), "10.0");
  assert.equal(price(-0.021, "GBP"), "\u22122.1");
  assert.equal(price(-0.0001, "GBP"), "0.0");
  assert.equal(price(null, "GBP"), "–");
  assert.deepEqual(["GBP", "SEK", "EUR", "PLN"].map(unit), ["p/kWh", "öre/kWh", "c/kWh", "PLN/kWh"]);
});

test("what is made up is named, and a real house on made-up prices is warned", () => {
  assert.equal(simulatedWords({ simulated_house: true, simulated_prices: true }), "House and prices are made up; nothing real is controlled.");
  assert.equal(simulatedWords({ simulated_house: true, simulated_prices: false }), "The house is made up; nothing real is controlled.");
  assert.match(simulatedWords({ simulated_house: false, simulated_prices: true }), /a real house is planned on them/);
});

test("sums grow from pence to pounds", () => {
  assert.deepEqual([0.031, 0.9994, 1, -2.757].map((sum) => amount(sum, "GBP")), ["3.1p", "99.9p", "£1.00", "\u2212£2.76"]);
  assert.deepEqual([0.031, 12.5].map((sum) => amount(sum, "SEK")), ["3.1 öre", "12.50 SEK"]);
});

test("ages are short", () => {
  assert.deepEqual([9.4, 300, 7200, 200_000].map(age), ["9 s", "5 min", "2 h", "2 days"]);
});

test("times are those of the house", () => {
  assert.equal(clock("2026-07-01T12:00:00Z", "Europe/London"), "13:00");
  assert.equal(when("2026-07-02T00:30:00Z", "Europe/London", Date.parse("2026-07-01T12:00:00Z")), "Thu 01:30");
  assert.equal(localise("known until 2026-07-01 22:00 UTC", "Europe/London", Date.parse("2026-07-01T12:00:00Z")), "known until 23:00");
  assert.equal(localise("until 13:30 UTC", "Europe/Stockholm", Date.parse("2026-07-01T12:00:00Z")), "until 15:30");
});

test("a day has a day before it", () => {
  assert.deepEqual(["2026-03-01", "2026-01-01", "2026-10-26"].map(dayBefore), ["2026-02-28", "2025-12-31", "2026-10-25"]);
});

test("a wall clock and an instant are two names of one moment", () => {
  for (const zone of ["Europe/London", "Asia/Kolkata", "America/New_York"]) {
    for (const text of ["2026-01-15T08:00", "2026-03-29T03:30", "2026-07-01T23:59", "2026-10-25T03:00"]) assert.equal(wall(instant(text, zone), zone), text);
  }
  assert.equal(instant("2026-07-01T13:00", "Europe/London"), Date.parse("2026-07-01T12:00:00Z"));
});

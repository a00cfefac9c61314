// Which house the page shows, what it is called, and where the other ones are.

import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, choices, shownOf, titleOf } from "../../backend/app/api/static/houses.js";

const HOUSES = [
  { id: "gnesta", title: "Kvarnen", version: 1 },
  { id: "home", title: "", version: 3 },
];

test("without a wish it is the token's only house, else home", () => {
  assert.equal(shownOf(HOUSES, null), "home");
  assert.equal(shownOf([HOUSES[0]], null), "gnesta");
  assert.equal(shownOf([], null), "home");
  assert.equal(shownOf(HOUSES, "gnesta"), "gnesta");
});

test("the title names the house by its title, else its id", () => {
  assert.equal(titleOf(HOUSES, "gnesta"), "Kvarnen · Battery optimizer");
  assert.equal(titleOf(HOUSES, "home"), "home · Battery optimizer");
  assert.equal(titleOf([], "home"), "Battery optimizer");
});

test("of one house there is nothing to choose, of two of one name the id tells", () => {
  assert.deepEqual(choices([], "home"), []);
  assert.equal(choices([HOUSES[1]], "home").length, 1);
  const twins = [HOUSES[0], { ...HOUSES[0], id: "second" }];
  assert.deepEqual(choices(twins, "second").map(({ name }) => name), ["Kvarnen (gnesta)", "Kvarnen (second)"]);
});

test("a house that is not there can be left again", () => {
  assert.deepEqual(choices(HOUSES, "nowhere").map(({ id }) => id), ["nowhere", "gnesta", "home"]);
});

test("the address of another house keeps the rest", () => {
  assert.equal(addressOf("http://h:1/?a=1&site=home#main", "gnesta"), "http://h:1/?a=1&site=gnesta#main");
  assert.equal(addressOf("http://h:1/", "a&b"), "http://h:1/?site=a%26b");
});

// What the battery saved: a period against each baseline, cash apart from wear, and how well that is known.

import { by, fill, h, say } from "./dom.js";
import { amount, clock, day, localise, month, number } from "./format.js";

const HOUR_MS = 3_600_000;
const HALF_MS = HOUR_MS / 2;
const SETTLES_AFTER_MS = 5 * 60_000; // the last readings of a slot are on their way for a while
const UNTOLD_H = 1; // the newest slots are always still on their way
const FEW = 5;

export const CASES = {
  no_battery: "no battery",
  self_use: "self-use only",
  rules: "simple rules",
};

const NAMES = { day: "today", month: "this month", year: "this year" };

// in: what to do when another period is chosen   call once
export function prepare(changed) {
  for (const input of document.querySelectorAll("input[name=period]")) input.addEventListener("change", changed);
}

// out: "day", "month" or "year"
export function chosen() {
  return document.querySelector("input[name=period]:checked").value;
}

// in: the page's state   out: the section
export function drawSavings(state) {
  const { savings } = state;
  if (!savings || savings.period !== chosen()) return say("savings-line", savings === null ? "The savings are not known now." : "loading…");
  const counted = countedHours(savings.count);
  by("savings-body").hidden = counted === 0;
  say("savings-line", counted === 0 ? emptyWords(state) : paidWords(savings));
  fill("savings-tiles", [savings.baselines, savings.currency], ([all, currency]) => all.map((each) => saved(each, currency)));
  fill("savings-kpis", savings.kpis, (kpis) => KPIS.map(([name, label, read]) => kpi(name, label, read(kpis[name]), HINTS[name](kpis[name]))));
  say("savings-count", counted === 0 ? "" : countWords(savings.count));
  fill("savings-gaps", gaps(state), (all) => all.map((text) => h("li", {}, text)));
  fill("savings-cases", [savings.actual, savings.baselines, savings.currency], () => [savings.actual, ...savings.baselines].map((each) => caseRow(each, savings.currency)));
  say("savings-basis", `Net is cash and wear less what the battery holds more at the end, valued at ${amount(savings.stored_value_per_kwh, savings.currency)} a kWh: ${savings.stored_value_basis}.`);
  drawParts(savings, state.zone);
  return undefined;
}

export const countedHours = (count) => count.settled_hours + count.estimated_hours;

// in: SavingsOut   out: what was paid, cash and wear apart
export function paidWords({ period, actual, baselines, currency }) {
  const cash = actual.cost < 0 ? `earned ${amount(-actual.cost, currency)}` : `paid ${amount(actual.cost, currency)}`;
  const early = actual.stored_change_kwh > 0 && baselines.some((each) => each.saved < 0) ? " A battery charged for later can look like a loss until it is used." : "";
  return `The house ${cash} in cash ${NAMES[period]}, and used ${amount(actual.wear, currency)} of the battery's life.${early}`;
}

// in: the page's state   out: why there are no numbers yet, and when the first come
export function emptyWords({ savings, measured, zone, now }) {
  if (savings.count.passed_hours > 0) return `Nothing counts ${NAMES[savings.period]} yet. ${countWords(savings.count)}`;
  const nothing = `There are no savings to show ${NAMES[savings.period]} yet: they are counted from the first half-hour in which the battery was measured.`;
  const due = firstDue(measured[0]?.at);
  if (due === null) return `${nothing} Its charge was not measured in the last hours.`;
  return due > now ? `${nothing} The first numbers come at about ${clock(due, zone)}.` : `${nothing} That is due since ${clock(due, zone)}; a half-hour waits up to two hours for missing measurements or prices.`;
}

// in: when the charge was first measured   out: ms when the first whole half-hour after it can be settled; null if it never was
export function firstDue(at) {
  if (at == null) return null;
  return Math.ceil(Date.parse(at) / HALF_MS) * HALF_MS + HALF_MS + SETTLES_AFTER_MS;
}

// in: CountOut   out: how much of the period is behind the numbers
export function countWords(count) {
  const waiting = count.passed_hours - countedHours(count) - count.incomplete_hours - count.unpriced_hours;
  const parts = [
    count.estimated_hours > 0 && `${hours(count.estimated_hours)} of it estimated`,
    count.incomplete_hours > 0 && `${hours(count.incomplete_hours)} measured too little to count`,
    count.unpriced_hours > 0 && `${hours(count.unpriced_hours)} without a price, not counted`,
    waiting > 0.5 && `${hours(waiting)} not settled yet`,
    count.anomalies > 0 && `${count.anomalies} ${count.anomalies === 1 ? "slot" : "slots"} whose measurements disagree`,
  ].filter(Boolean);
  return `${[`Counted: ${hours(countedHours(count))} of ${hours(count.passed_hours)} since the ledger began`, ...parts].join("; ")}.`;
}

const hours = (value) => `${number(value, Math.abs(value % 1) < 0.05 || value > 99.5 ? 0 : 1)} h`;

// in: the page's state   out: the slots of today, else the days or months, that are not wholly known, newest first
export function gaps({ savings, today, zone, now }) {
  const named = savings.period === "day" ? slotGaps(today?.rows ?? [], savings, zone, now) : partGaps(savings, zone, now);
  const odd = savings.anomalies.map((each) => `${day(each.start, zone)} ${clock(each.start, zone)}: ${localise(each.what, zone, now)}`);
  const all = [...new Set([...named, ...odd.reverse()])];
  return all.length > FEW + 1 ? [...all.slice(0, FEW), `and ${all.length - FEW} more`] : all;
}

function slotGaps(rows, { start }, zone, now) {
  const doubtful = rows.filter((each) => each.start >= start && ["estimated", "incomplete", "unpriced"].includes(each.status));
  return doubtful.reverse().map((each) => `${clock(each.start, zone)} ${each.status}: ${localise(each.reason ?? "no reason given", zone, now)}`);
}

function partGaps(savings, zone, now) {
  const begun = Math.min(now, Date.parse(savings.end)) - savings.count.passed_hours * HOUR_MS;
  return savings.parts
    .map((each) => ({ ...each, passed: (Math.min(now, Date.parse(each.end)) - Math.max(begun, Date.parse(each.start))) / HOUR_MS }))
    .filter((each) => each.passed - each.counted_hours > UNTOLD_H)
    .map((each) => `${partName(each, savings.period, zone)}: ${hours(each.counted_hours)} of ${hours(each.passed)} counted`)
    .reverse();
}

const partName = (part, period, zone) => (period === "month" ? day(part.start, zone) : month(part.start, zone));

function saved(each, currency) {
  const rest = each.saved - each.saved_cash;
  return h(
    "div",
    { class: "tile", "data-test": `saved-${each.case}`, "data-gain": each.saved >= 0 ? "saved" : "lost" },
    h("span", { class: "tile-label" }, `against ${CASES[each.case] ?? each.case}`),
    h("span", { class: "tile-value" }, h("b", {}, amount(Math.abs(each.saved), currency)), " ", h("i", {}, each.saved >= 0 ? "saved" : "lost")),
    h("span", { class: "tile-note" }, `cash ${signed(each.saved_cash, currency)}, wear and charge ${signed(rest, currency)}`),
    h("span", { class: "tile-note" }, sentence(each.rule)),
  );
}

const signed = (sum, currency) => (sum > 0 ? "+" : "") + amount(sum, currency);
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const KPIS = [
  ["self_consumption", "Self-consumption", share],
  ["self_sufficiency", "Self-sufficiency", share],
  ["cycles", "Battery cycles", (value) => (value == null ? "–" : number(value, 2))],
  ["round_trip", "Round trip", share],
  ["fallback_hours", "On a fallback", (value) => hours(value)],
];
const HINTS = {
  self_consumption: () => "of the sun not sold",
  self_sufficiency: (value) => (value < 0 ? "more bought than used" : "of the use not bought"),
  cycles: () => "full discharges",
  round_trip: () => "energy out over energy in",
  fallback_hours: () => "not the optimizer decided",
};

// in: 0.824   out: "82 %"; null is "–"
export function share(value) {
  return value == null ? "–" : `${number(value * 100, 0)} %`;
}

function kpi(name, label, text, hint) {
  return h("div", { "data-test": `kpi-${name}` }, h("dt", {}, label), h("dd", {}, text), h("dd", { class: "fine" }, hint));
}

function caseRow(each, currency) {
  const sums = [each.cost, each.wear, each.stored_change_value, each.net_cost].map((sum) => h("td", {}, amount(sum, currency)));
  return h("tr", { "data-case": each.case }, h("th", { scope: "row" }, sentence(CASES[each.case] ?? "this house")), ...sums);
}

function drawParts({ period, parts, currency }, zone) {
  const counted = parts.filter((each) => each.counted_hours > 0).reverse();
  by("savings-parts-part").hidden = counted.length === 0;
  fill("savings-parts", [period, counted, currency, zone], () =>
    counted.map((each) =>
      h("tr", {}, h("th", { scope: "row" }, partName(each, period, zone)), h("td", {}, amount(each.cost, currency)), h("td", {}, amount(each.wear, currency)), ...Object.keys(CASES).map((name) => h("td", {}, amount(each.saved[name], currency)))),
    ),
  );
}

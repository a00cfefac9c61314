// How wrong the forecasts were, in words.

import { fill, h, say } from "./dom.js";
import { number } from "./format.js";

const KINDS = { load: "Load", solar: "Sun" };
const NOTABLE_KW = 0.02;
const EVEN = 0.005;

// in: the page's state   out: one line per kind, horizon and source
export function drawQuality({ quality }) {
  if (!quality) return say("quality-line", "The forecasts' quality is not known now.");
  say("quality-line", quality.scores.length ? `Over the last ${quality.days} days, each half-hour as it was forecast against what was measured.` : emptyWords());
  fill("quality", quality.scores, (all) => all.map(line));
  return undefined;
}

export function emptyWords() {
  return "Nothing to compare yet: a forecast is scored when the half-hour it was made for has been measured and settled.";
}

function line(score) {
  return h(
    "li",
    { "data-test": `quality-${score.kind}`, "data-hours": score.from_hours },
    h("b", {}, `${KINDS[score.kind] ?? score.kind}, ${ahead(score)}`),
    h("span", { class: "off" }, errorWords(score)),
    h("span", { class: "why" }, `${skillWords(score)} ${coverageWords(score)}${number(score.count, 0)} comparisons, ${score.source.replaceAll("_", " ")}.`),
  );
}

// in: ScoreOut   out: "up to 6 hours ahead"
export function ahead({ from_hours: from, to_hours: to }) {
  return from === 0 ? `up to ${to} hours ahead` : `${from} to ${to} hours ahead`;
}

// in: ScoreOut   out: how far off, and whether mostly too high or too low
export function errorWords({ mae_kw: mae, nmae, bias_kw: bias }) {
  const share = nmae == null ? "" : `, ${number(nmae * 100, 0)} % of the mean`;
  const way = Math.abs(bias) < NOTABLE_KW ? "" : `, ${number(Math.abs(bias), 2)} kW too ${bias > 0 ? "high" : "low"} on average`;
  return `off by ${number(mae, 2)} kW${share}${way}`;
}

// in: ScoreOut   out: whether its 80 % intervals hold, nothing where none were told
export function coverageWords({ coverage }) {
  return coverage == null ? "" : `${number(coverage * 100, 0)} % lay inside its 80 % intervals. `;
}

// in: ScoreOut   out: what it is worth against the simplest forecast
export function skillWords({ skill }) {
  if (skill == null) return "No last week to compare with yet.";
  if (Math.abs(skill) < EVEN) return "As good as repeating last week.";
  return skill > 0 ? `${number(skill * 100, 0)} % less wrong than repeating last week.` : `${number(-skill * 100, 0)} % more wrong than repeating last week.`;
}

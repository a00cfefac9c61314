// The three charts as Plotly figures.

import { colour, estimatedShade, estimatedWord, layout } from "./axes.js";
import { price, shown } from "./format.js";
import { modeSpans, stepLine } from "./slots.js";

const CLASSES = ["negative", "cheap", "normal", "expensive"];
const BARS = ["charge_grid", "charge_solar", "serve", "sell"];

// in: slots, currency, {from, to, now, zone, width}   out: what Plotly draws
export function priceFigure(slots, currency, view) {
  const shownSlots = slots.filter((each) => each.end > view.from && each.start < view.to);
  const known = shownSlots.filter((each) => !each.estimated);
  const buy = (slot) => shown(slot.buy, currency);
  const sell = (slot) => shown(slot.sell, currency);
  const data = [
    areas(shownSlots, buy),
    ...band(shownSlots.filter((each) => (each.buyLow ?? null) !== null), currency),
    line(stepLine(shownSlots, buy), { color: colour("faint"), width: 1 }),
    ...CLASSES.flatMap((name) => classLines(shownSlots, name, buy)),
    line(stepLine(known, sell), { color: colour("export"), width: 1.8 }),
    line(stepLine(shownSlots.filter((each) => each.estimated), sell), { color: colour("export"), width: 1.8, dash: "dot" }),
  ];
  const tail = shownSlots.find((each) => each.estimated && each.start >= view.now);
  return { data, layout: layout(view, { shapes: tail ? [estimatedShade(tail.start, view.to)] : [], annotations: tail ? [estimatedWord(tail.start, view)] : [] }) };
}

// in: estimated slots   out: between what their prices lie four times in five, as a filled band
function band(slots, currency) {
  if (!slots.length) return [];
  const invisible = { width: 0, color: colour("muted") };
  const low = line(stepLine(slots, (each) => shown(each.buyLow, currency)), invisible);
  const high = line(stepLine(slots, (each) => shown(each.buyHigh, currency)), invisible);
  return [low, { ...high, fill: "tonexty", fillcolor: colour("band") }];
}

function areas(slots, read) {
  return {
    type: "bar",
    x: slots.map((each) => (each.start + each.end) / 2),
    y: slots.map(read),
    width: slots.map((each) => each.end - each.start),
    marker: { color: slots.map((each) => colour(each.priceClass)), opacity: slots.map((each) => (each.estimated ? 0.1 : 0.2)), line: { width: 0 } },
  };
}

function classLines(slots, name, read) {
  const of = (estimated) => slots.filter((each) => each.priceClass === name && each.estimated === estimated);
  return [false, true].map((estimated) => line(stepLine(of(estimated), read), { color: colour(name), width: 2.6, dash: estimated ? "dot" : "solid" }));
}

// in: slots, the plan, what was measured and decided   out: planned and measured state of charge under a strip of modes
export function socFigure(slots, { plan, measured, decisions }, view) {
  const steps = slots.filter((each) => each.step && each.step.endMs > view.from && each.start < view.to).map((each) => each.step);
  const planned = steps.length
    ? { x: [steps[0].startMs, ...steps.map((each) => each.endMs)], y: [plan.start_soc_pct, ...steps.map((each) => each.soc_pct)] }
    : { x: [], y: [] };
  const past = { x: measured.map((each) => Date.parse(each.at)), y: measured.map((each) => each.value) };
  const data = [
    line(past, { color: colour("past"), width: 2 }, { fill: "tozeroy", fillcolor: colour("past-fill") }),
    line(planned, { color: colour("soc"), width: 2.6 }, { fill: "tozeroy", fillcolor: colour("soc-fill") }),
  ];
  const shapes = [...strip(decisions, steps, view), ...(plan ? [reserve(plan.reserve_pct, view)] : [])];
  return { data, layout: layout(view, { shapes, yaxis: { range: [0, 116], tickvals: [0, 25, 50, 75, 100] } }) };
}

// out: coloured spans above the chart: modes as decided in the past, actions as planned
function strip(decisions, steps, view) {
  const past = modeSpans(decisions).map(({ start, end, mode }) => ({ start, end: Math.min(end, view.now), tint: `mode-${mode}` }));
  const ahead = steps.filter((each) => each.endMs > view.now).map((each) => ({ start: Math.max(each.startMs, view.now), end: each.endMs, tint: `action-${each.action}` }));
  return joined([...past, ...ahead])
    .filter(({ start, end }) => end > start && end > view.from && start < view.to)
    .map(({ start, end, tint }) => ({ type: "rect", x0: start, x1: end, y0: 106, y1: 114, line: { width: 0 }, fillcolor: colour(tint), opacity: start < view.now ? 0.55 : 1 }));
}

// in: spans, oldest first   out: neighbours of one tint joined to one span
function joined(spans) {
  return spans.reduce((all, span) => {
    const last = all.at(-1);
    if (last && last.tint === span.tint && last.end === span.start) last.end = span.end;
    else all.push({ ...span });
    return all;
  }, []);
}

function reserve(pct, view) {
  return { type: "line", x0: view.from, x1: view.to, y0: pct, y1: pct, line: { color: colour("reserve"), width: 1.2, dash: "dot" } };
}

// in: slots, measured half-hours, view   out: battery bars, sun, load and grid in kW: measured as far as that goes, then planned
export function powerFigure(slots, past, view) {
  const until = past.at(-1)?.end ?? -Infinity;
  const planned = slots.filter((each) => each.step).map((each) => ({ ...each.step, start: each.step.startMs, end: each.step.endMs }));
  const steps = [...past, ...planned.filter((each) => each.start >= until)].filter((each) => each.end > view.from && each.start < view.to);
  const over = (read) => stepLine(steps, read);
  const data = [
    line(over((each) => each.solar_kw), { color: colour("sun"), width: 1.6 }, { fill: "tozeroy", fillcolor: colour("sun-fill") }),
    ...BARS.map((action) => bars(steps.filter((each) => each.action === action), `action-${action}`)),
    line(over((each) => each.import_kw - each.export_kw), { color: colour("grid"), width: 1.4, dash: "dash" }),
    line(over((each) => each.load_kw), { color: colour("load"), width: 1.8 }),
  ];
  return { data, layout: layout(view, { yaxis: { zerolinewidth: 1.5 } }) };
}

function bars(steps, tint) {
  return {
    type: "bar",
    x: steps.map((each) => (each.start + each.end) / 2),
    y: steps.map((each) => each.charge_kw - each.discharge_kw),
    width: steps.map((each) => (each.end - each.start) * 0.86),
    marker: { color: colour(tint), opacity: 0.85, line: { width: 0 } },
  };
}

function line(points, style, more = {}) {
  return { type: "scatter", mode: "lines", ...points, line: style, connectgaps: false, ...more };
}

// in: slot, currency   out: a slot's price in words, for those who do not see the chart
export function priceWords(slot, currency) {
  return `${slot.estimated ? "estimated " : slot.simulated ? "made-up " : ""}${price(slot.buy, currency)} buying, ${price(slot.sell, currency)} selling`;
}

// The charts on the page: draws them, shows a slot's numbers under the pointer, finger or arrow keys.

import { MARGIN } from "./axes.js";
import { powerFigure, priceFigure, priceWords, socFigure } from "./charts.js";
import { by, h, say } from "./dom.js";
import { clock, number, unit, weekday } from "./format.js";
import { ACTIONS, slotAt } from "./slots.js";
import { numbers } from "./tip.js";

const HOUR_MS = 3_600_000;
const NARROW_PX = 560;
const PAST_SHARE = 0.15;
const CHARTS = { "price-chart": [210, 170], "soc-chart": [180, 150], "power-chart": [220, 190] };
const NAMES = { "price-chart": "Prices by slot", "soc-chart": "State of charge by slot", "power-chart": "Power by slot" };
const QUIET = { staticPlot: true, displayModeBar: false, responsive: false };

let state = null;
let view = null;
let chosen = -1;

// Makes the chart boxes listen; call once.
export function prepare() {
  for (const id of Object.keys(CHARTS)) dress(by(id), id);
  const narrow = document.documentElement.clientWidth < NARROW_PX;
  for (const input of ranges()) {
    input.checked = input.value === (narrow ? "24" : "48");
    input.addEventListener("change", () => draw(state));
  }
  new ResizeObserver(() => redrawIfWidthChanged()).observe(by("charts-body"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(state));
}

const ranges = () => [...document.querySelectorAll("input[name=range]")];

function dress(box, id) {
  box.append(h("div", { class: "plot", "aria-hidden": "true" }), h("div", { class: "cross", hidden: "" }));
  for (const [name, value] of Object.entries({ tabindex: 0, role: "slider", "aria-label": NAMES[id], "aria-valuemin": 0 })) box.setAttribute(name, value);
  box.addEventListener("pointermove", (event) => choose(slotUnder(event, box), box));
  box.addEventListener("pointerdown", (event) => choose(slotUnder(event, box), box));
  box.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
  box.addEventListener("blur", hide);
  box.addEventListener("keydown", (event) => byKey(event, box));
}

function redrawIfWidthChanged() {
  if (view && by("price-chart").clientWidth !== view.width) draw(state);
}

// in: the page's state   out: three charts on the same time axis
export function draw(given) {
  state = given;
  if (!state || !window.Plotly) return;
  by("power-part").hidden = !state.plan && !state.past.length;
  by("soc-part").hidden = !state.plan && !state.measured.length;
  view = look();
  const figures = {
    "price-chart": priceFigure(state.slots, state.currency, sized("price-chart")),
    "soc-chart": socFigure(state.slots, state, sized("soc-chart")),
    "power-chart": powerFigure(state.slots, state.past, sized("power-chart")),
  };
  for (const [id, { data, layout }] of Object.entries(figures)) {
    window.Plotly.react(by(id).querySelector(".plot"), data, layout, QUIET);
    by(id).setAttribute("aria-valuemax", Math.max(0, state.slots.length - 1));
    describe(by(id), slotAt(state.slots, state.now));
  }
  say("price-unit", unit(state.currency));
  if (chosen >= 0) mark();
}

function look() {
  const hours = Number(ranges().find((each) => each.checked)?.value ?? 48);
  const last = state.slots.at(-1)?.end ?? state.now;
  const from = state.now - hours * PAST_SHARE * HOUR_MS;
  return { from, to: Math.max(state.now + HOUR_MS, Math.min(state.now + hours * HOUR_MS, last)), now: state.now, zone: state.zone, width: by("price-chart").clientWidth };
}

const sized = (id) => ({ ...view, height: CHARTS[id][view.width < NARROW_PX ? 1 : 0] });

const xOf = (ms) => MARGIN.l + ((ms - view.from) / (view.to - view.from)) * (view.width - MARGIN.l - MARGIN.r);

function slotUnder(event, box) {
  if (!view) return -1;
  const share = (event.clientX - box.getBoundingClientRect().left - MARGIN.l) / (view.width - MARGIN.l - MARGIN.r);
  const ms = view.from + share * (view.to - view.from);
  return share < 0 || share > 1 ? -1 : state.slots.findIndex((each) => each.start <= ms && ms < each.end);
}

let over = null;

function choose(index, box) {
  if (index < 0) return hide();
  if (index === chosen && over === box) return undefined;
  [chosen, over] = [index, box];
  describe(box, state.slots[index]);
  return mark();
}

function byKey(event, box) {
  if (!view) return;
  if (event.key === "Escape") hide();
  const move = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 6, PageDown: -6 }[event.key];
  if (!move) return;
  event.preventDefault();
  const visible = state.slots.map((each, i) => (each.end > view.from && each.start < view.to ? i : -1)).filter((i) => i >= 0);
  const start = chosen < 0 ? state.slots.findIndex((each) => each.end > state.now) : chosen + move;
  choose(Math.min(Math.max(start, visible[0]), visible.at(-1)), box);
}

function hide() {
  chosen = -1;
  by("tip").hidden = true;
  for (const cross of document.querySelectorAll(".cross")) cross.hidden = true;
}

// Marks the chosen slot in every chart and shows its numbers beside it.
function mark() {
  const slot = state.slots[chosen];
  if (!slot || !over) return hide();
  const left = Math.max(MARGIN.l, xOf(slot.start));
  const right = Math.min(view.width - MARGIN.r, xOf(slot.end));
  if (right <= left) return hide();
  for (const cross of document.querySelectorAll(".cross")) {
    cross.hidden = false;
    cross.style.left = `${left}px`;
    cross.style.width = `${right - left}px`;
  }
  return place(slot, left, right);
}

const GAP_PX = 12;

function place(slot, left, right) {
  const tip = by("tip");
  tip.replaceChildren(...numbers(slot, state));
  tip.hidden = false;
  const card = tip.parentElement.getBoundingClientRect();
  const box = over.getBoundingClientRect();
  const offset = box.left - card.left;
  if (view.width < NARROW_PX) return above(tip, box.top - card.top);
  const roomRight = view.width - right > tip.offsetWidth + GAP_PX;
  const x = roomRight ? offset + right + GAP_PX : offset + left - GAP_PX - tip.offsetWidth;
  tip.style.left = `${Math.min(Math.max(4, x), card.width - tip.offsetWidth - 4)}px`;
  tip.style.top = `${box.top - card.top + 6}px`;
  return undefined;
}

// On a phone the numbers stand over the chart, not on it: a finger is there already.
function above(tip, top) {
  tip.style.left = "8px";
  tip.style.top = `${top - tip.offsetHeight - 2}px`;
}

function describe(box, slot) {
  if (!slot) return;
  box.setAttribute("aria-valuenow", state.slots.indexOf(slot));
  const plan = slot.step ? `, ${ACTIONS[slot.step.action]}, ${number(slot.step.soc_pct, 0)} % at the end` : "";
  box.setAttribute("aria-valuetext", `${weekday(slot.start, state.zone)} ${clock(slot.start, state.zone)}: ${priceWords(slot, state.currency)}${plan}`);
}

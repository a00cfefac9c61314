// What the charts share: colours, the axis of time, the marks on it. Time is in ms on a plain axis: no day is too long or too short for it.

import { clock, weekday } from "./format.js";

export const MARGIN = { l: 44, r: 10, t: 8, b: 26 };
const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;
const LEAST_LABEL_PX = 46;
const ROOM_PX = 110; // what the word "estimated" needs

// out: a CSS colour variable as the browser sees it now, light or dark
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function estimatedShade(from, to) {
  return { type: "rect", yref: "paper", x0: from, x1: to, y0: 0, y1: 1, line: { width: 0 }, fillcolor: colour("estimated"), layer: "below" };
}

export function estimatedWord(from, view) {
  const left = Math.max(from, view.from);
  const fits = ((view.to - left) / (view.to - view.from)) * view.width > ROOM_PX;
  return { x: fits ? left : view.to, y: 1, yref: "paper", xanchor: fits ? "left" : "right", yanchor: "top", text: "estimated", showarrow: false, font: { size: 11, color: colour("muted") } };
}

// in: {from, to, now, zone, width, height}, what is special   out: a Plotly layout: past veiled, now and midnights marked
export function layout(view, { shapes = [], annotations = [], yaxis = {} }) {
  const ticks = timeTicks(view);
  const now = { type: "line", yref: "paper", x0: view.now, x1: view.now, y0: 0, y1: 1, line: { color: colour("now"), width: 1.6 } };
  const past = { type: "rect", yref: "paper", x0: view.from, x1: view.now, y0: 0, y1: 1, line: { width: 0 }, fillcolor: colour("veil") };
  const midnights = ticks.midnights.map((x) => ({ type: "line", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color: colour("line-strong"), width: 1 }, layer: "below" }));
  return {
    height: view.height,
    width: view.width,
    margin: MARGIN,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    bargap: 0,
    barmode: "overlay",
    font: { family: getComputedStyle(document.body).fontFamily, size: 11, color: colour("muted") },
    xaxis: { type: "linear", range: [view.from, view.to], tickvals: ticks.at, ticktext: ticks.text, showgrid: false, zeroline: false, fixedrange: true, ticks: "outside", ticklen: 4, tickcolor: colour("line-strong") },
    yaxis: { gridcolor: colour("line"), zerolinecolor: colour("line-strong"), fixedrange: true, nticks: 5, ...yaxis },
    shapes: [...midnights, ...shapes, past, now],
    annotations,
  };
}

// out: round local hours, as many as have room; midnights carry the day's name
export function timeTicks({ from, to, width, zone }) {
  const roomy = ((to - from) / HOUR_MS) * (LEAST_LABEL_PX / (width - MARGIN.l - MARGIN.r));
  const every = [1, 2, 3, 6, 12, 24].find((hours) => hours >= roomy) ?? 24;
  const at = [];
  const text = [];
  const midnights = [];
  for (let ms = Math.ceil(from / QUARTER_MS) * QUARTER_MS; ms < to; ms += QUARTER_MS) {
    const [hour, minute] = clock(ms, zone).split(":").map(Number);
    if (minute !== 0 || hour % every !== 0) continue;
    at.push(ms);
    text.push(hour === 0 ? `<b>${weekday(ms, zone)}</b>` : clock(ms, zone));
    if (hour === 0) midnights.push(ms);
  }
  return { at, text, midnights };
}

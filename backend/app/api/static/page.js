// Asks the public API, keeps what it heard, and draws it; again every 30 seconds, sooner while the service is away.

import { Lost, Refused, ask, health, now, token } from "./api.js";
import * as board from "./board.js";
import * as claims from "./claims.js";
import { drawDevices } from "./devices.js";
import { by, say } from "./dom.js";
import { age, clock, dayBefore, simulatedWords } from "./format.js";
import { drawHealth, drawNow, drawPlanLine, drawTiles } from "./head.js";
import { drawAlternatives, drawDecisions, drawTable } from "./lists.js";
import * as override from "./override.js";
import { drawQuality } from "./quality.js";
import * as savings from "./savings.js";
import { pastOf, slotsOf } from "./slots.js";

const EVERY_MS = 30_000;
const RETRY_MS = 4_000;
const OLD_S = 75; // two refreshes missed
const PAST_MS = 12 * 3_600_000;
const AHEAD_MS = 50 * 3_600_000;

const heard = { zone: Intl.DateTimeFormat().resolvedOptions().timeZone, at: null };
let timer = null;
let busy = null;
let lost = null;

// in: ms   out: what to ask: a name and a promise each
function questions(at) {
  const since = new Date(at - PAST_MS).toISOString();
  return {
    health: health(),
    told: ask("/api/v1/recommendation/now"),
    plan: ask("/api/v1/plan"),
    prices: ask("/api/v1/prices", { start: since, end: new Date(at + AHEAD_MS).toISOString() }),
    decisions: ask("/api/v1/decisions"),
    latest: ask("/api/v1/readings/latest"),
    measured: ask("/api/v1/readings", { quantity: "soc_pct", start: since }),
    overrides: ask("/api/v1/overrides"),
    today: halfHours(at),
    savings: ask("/api/v1/savings", { period: savings.chosen() }),
    quality: ask("/api/v1/forecast-quality"),
    devices: ask("/api/v1/devices"),
  };
}

// out: GET /dashboard, soon after midnight with the day before, so that the charts' past is whole
async function halfHours(at) {
  const today = await ask("/api/v1/dashboard");
  if (at - Date.parse(today.start) > PAST_MS) return today;
  const before = await ask("/api/v1/dashboard", { day: dayBefore(today.day) });
  return { ...today, rows: [...before.rows, ...today.rows] };
}

// Asks everything at once; one answer missing costs its own part of the page only.
function refresh() {
  busy ??= round().finally(() => {
    busy = null;
  });
  return busy;
}

// After a change: what was asked before it does not count.
async function refreshAfter() {
  await busy;
  await refresh();
}

async function round() {
  clearTimeout(timer);
  const asked = Object.entries(questions(now()));
  const settled = await Promise.allSettled(asked.map(([, promise]) => promise));
  const answers = asked.map(([name], i) => [name, settled[i]]);
  const errors = answers.filter(([, each]) => each.status === "rejected").map(([name, each]) => [name, each.reason]);
  const refused = errors.find(([, error]) => error instanceof Refused);
  lost = errors.find(([, error]) => error instanceof Lost)?.[1] ?? null;
  if (refused) login(refused[1]);
  else if (!lost) keep(answers, errors);
  tick();
  if (!refused) timer = setTimeout(refresh, lost ? RETRY_MS : EVERY_MS);
}

function keep(answers, errors) {
  const failed = new Set(errors.map(([name]) => name));
  for (const [name, each] of answers) heard[name] = failed.has(name) ? null : each.value;
  heard.at = now();
  heard.zone = heard.prices?.time_zone ?? heard.zone;
  const told = errors.filter(([name, error]) => !(name === "plan" && error.status === 404));
  say("trouble", told.length ? `${told[0][1].message}${told.length > 1 ? ` (and ${told.length - 1} more)` : ""}` : "");
  render();
}

function render() {
  const { told, plan, prices } = heard;
  const state = {
    ...heard,
    now: now(),
    heardAt: heard.at,
    slots: slotsOf(prices, plan),
    currency: prices?.currency ?? told?.price.currency ?? "GBP",
    readings: Object.fromEntries((heard.latest?.readings ?? []).map((each) => [each.quantity, each])),
    decisions: heard.decisions?.decisions ?? [],
    measured: heard.measured?.samples ?? [],
    overrides: heard.overrides?.overrides ?? [],
    offered: heard.overrides?.offered.map((each) => each.mode_code),
    withheld: heard.overrides?.withheld,
    past: pastOf(heard.today),
  };
  by("simulated").hidden = !heard.health?.simulated;
  if (heard.health?.simulated) say("simulated-what", simulatedWords(heard.health));
  by("forget").hidden = !token.get();
  if (told) {
    drawNow(state);
    drawAlternatives(state);
  }
  drawTiles(state);
  if (state.health) drawHealth(state);
  drawPlanLine(state);
  drawDecisions(state);
  if (plan) drawTable(state);
  override.drawOverrides(state);
  drawZone(state);
  drawQuality(state);
  drawDevices(state);
  claims.drawClaims(state);
  savings.drawSavings(state);
  board.draw(state);
}

// Another period was chosen: only its own part of the page waits for it.
async function changePeriod() {
  render();
  try {
    heard.savings = await ask("/api/v1/savings", { period: savings.chosen() });
  } catch (error) {
    if (error instanceof Refused) return login(error);
    say("savings-line", `Not known now: ${error.message}`);
    return undefined;
  }
  return render();
}

function drawZone({ zone, now: at }) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const other = clock(at, zone) !== clock(at, here) ? "; your own clock shows another time" : "";
  say("zone-line", `Times are local time of the house (${zone})${other}.`);
}

// Says every second how old the numbers are.
function tick() {
  const seconds = heard.at === null ? null : (now() - heard.at) / 1000;
  const state = lost ? "lost" : seconds === null ? "waiting" : seconds > OLD_S ? "old" : "fresh";
  by("fresh-dot").dataset.state = state;
  if (!by("login").open || seconds !== null) say("fresh-text", seconds === null ? (lost ? "no data yet" : "loading…") : `data ${age(seconds)} old`);
  const since = heard.at === null ? "" : ` What you see is from ${clock(heard.at, heard.zone)}.`;
  say("lost", lost ? `Connection lost: the service does not answer.${since} Trying again by itself.` : "");
  document.body.classList.toggle("is-lost", Boolean(lost));
}

function login(error) {
  say("login-why", error.message);
  if (!by("login").open) by("login").showModal();
}

function prepare() {
  board.prepare();
  override.prepare(refreshAfter, login);
  claims.prepare(refreshAfter, login);
  savings.prepare(changePeriod);
  by("login-form").addEventListener("submit", (event) => {
    token.set(event.target.elements.token.value.trim());
    event.target.reset();
    refresh();
  });
  by("login").addEventListener("cancel", (event) => event.preventDefault());
  by("forget").addEventListener("click", () => {
    token.forget();
    location.reload();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
  window.addEventListener("online", refresh);
  document.querySelector("script[src*=plotly]").addEventListener("load", () => heard.at && render());
  setInterval(tick, 1000);
}

prepare();
refresh();

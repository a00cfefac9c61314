// The top of the page: the decision, the battery, the numbers now, the health of each part.

import { by, fill, h, say } from "./dom.js";
import { LIMITS, MODES, SOURCES, age, amount, clock, localise, number, price, unit, when } from "./format.js";
import { ACTIONS, nextChange } from "./slots.js";

const IDLE_KW = 0.05;
const STALE_S = 600;

// What the page says where nobody does what is decided.
const NOT_DONE = {
  nobody: "Nobody carries this out: what is decided is only wanted. What to do stands below, under executor.",
  interrupted: "Whoever carries this out fell silent: what is decided is only wanted. What to do stands below, under executor.",
  dry_run: "Dry run: this is what the battery would do. Nothing is carried out.",
  off: "Control is switched off: this is what the battery would do. Nothing is carried out.",
};

// in: the page's state   out: the header card
export function drawNow(state) {
  const { told, plan, readings, zone, now } = state;
  by("now").dataset.mode = told.mode_code;
  const missing = NOT_DONE[state.health?.carried_out];
  by("now").dataset.carriedOut = state.health?.carried_out ?? "";
  say("now-when", `${missing ? "Wanted" : "Now"}, until ${clock(told.slot_end, zone)}`);
  say("now-mode", told.mode);
  say("now-notice", missing ?? "");
  say("now-hint", [MODES[told.mode_code]?.[1], limits(told)].filter(Boolean).join(" · "));
  say("now-reason", localise(told.reason, zone, now));
  say("now-cause", cause(told, zone, now));
  drawExplanation(told.explanation, zone, now);
  say("now-next", next(state));
  say("now-source", `Decided ${clock(told.decided_at, zone)} by ${source(told)}. Without news the inverter returns to self-use at ${clock(told.valid_until, zone)}.`);
  drawSoc(told, plan, readings, zone);
}

// The numbers behind the decision; the lower rungs of the ladder weigh nothing and have none.
function drawExplanation(explanation, zone, now) {
  say("now-tipping", explanation ? `${explanation.words}.` : "");
  say("now-limit", explanation ? `${LIMITS[explanation.binding_limit] ?? explanation.binding_limit}.` : "");
  say("now-changed", explanation?.changed ? `Before: ${localise(explanation.changed, zone, now)}.` : "");
}

function limits(told) {
  const power = told.power_kw == null ? null : `at ${number(told.power_kw)} kW`;
  const target = told.target_soc_pct == null ? null : `to ${number(told.target_soc_pct, 0)} %`;
  const current = told.discharge_current ? `${number(told.discharge_current, 0)} A` : null;
  return [power, target, current].filter(Boolean).join(", ");
}

function source(told) {
  const name = SOURCES[told.plan_source] ?? told.plan_source;
  return told.optimization_status === "feasible" ? `${name} (good, not proved best)` : name;
}

// out: why a lower rung of the ladder answered; empty on the highest
function cause(told, zone, now) {
  if (told.plan_source === "optimizer") return "";
  const why = told.cause ? `: ${localise(told.cause, zone, now)}` : "";
  return `Not the optimizer but ${SOURCES[told.plan_source] ?? told.plan_source} decides${why}`;
}

function next({ told, overrides, slots, zone, now }) {
  const forced = told.plan_source === "override" && overrides.find((each) => each.holds_until);
  if (forced) {
    const end = Date.parse(forced.holds_until);
    const other = overrides.find((each) => Date.parse(each.start) <= end && Date.parse(each.until) > end);
    return `Next: ${other ? "another override holds" : "the plan decides again"} at ${when(forced.holds_until, zone, now)}`;
  }
  const change = nextChange(slots, now);
  return change ? `Next: ${ACTIONS[change.step.action]} at ${when(change.step.startMs, zone, now)}` : "";
}

function drawSoc(told, plan, readings, zone) {
  const soc = readings.soc_pct;
  const known = soc?.quality === "good" ? soc.value : null;
  say("soc-number", known == null ? "?" : `${number(known, 0)}%`);
  say("soc-kwh", known == null || !plan ? "" : `${number((known * plan.capacity_kwh) / 100)} kWh`);
  say("soc-label", known == null ? "State of charge unknown" : `State of charge ${number(known, 0)} %`);
  by("soc-ring").setAttribute("stroke-dasharray", `${known ?? 0} 100`);
  by("soc-ring").setAttribute("visibility", known ? "visible" : "hidden");
  const expected = told.expected_soc == null ? "" : `${number(told.expected_soc, 0)} % by ${clock(told.slot_end, zone)}`;
  say("soc-note", soc && soc.age_s > STALE_S ? `measured ${age(soc.age_s)} ago` : expected);
}

// in: the page's state   out: one tile per number
export function drawTiles({ told, readings }) {
  fill("tiles", [told?.price, told?.stored_kwh_value, readings], () => [...(told ? money(told) : []), ...flows(readings)]);
}

function money({ price: paid, stored_kwh_value: worth }) {
  const per = unit(paid.currency);
  const kind = paid.class ?? "unknown";
  return [
    tile("Buying", price(paid.import_per_kwh, paid.currency), per, mark(paid) + kind, { "data-test": "buy", "data-class": kind }),
    tile("Selling", price(paid.export_per_kwh, paid.currency), per, mark(paid) + "export", { "data-test": "sell" }),
    tile("Stored energy", price(worth, paid.currency), per, worth == null ? "not known now" : "worth, per kWh", { "data-test": "value", "data-wide": "" }),
  ];
}

const mark = (paid) => (paid.provenance === "published" ? "" : `${paid.provenance}, `);

const FLOWS = [
  ["solar_kw", "Sun", "making power", "dark"],
  ["load_kw", "House", "using", "using nothing"],
  ["battery_kw", "Battery", "charging", "idle", "discharging"],
  ["grid_kw", "Grid", "importing", "balanced", "exporting"],
];

function flows(readings) {
  return FLOWS.filter(([name]) => readings[name]).map(([name, label, above, still, below]) => {
    const { value, quality, age_s: seconds } = readings[name];
    if (quality !== "good") return tile(label, "?", "kW", quality, { "data-test": name });
    const word = value > IDLE_KW ? above : value < -IDLE_KW ? (below ?? still) : still;
    const note = seconds > STALE_S ? `${age(seconds)} ago` : word;
    return tile(label, number(Math.abs(value), 2), "kW", note, { "data-test": name, "data-flow": word });
  });
}

function tile(label, value, unitText, note, attributes) {
  return h(
    "div",
    { class: "tile", ...attributes },
    h("span", { class: "tile-label" }, label),
    h("span", { class: "tile-value" }, h("b", {}, value), " ", h("i", {}, unitText)),
    h("span", { class: "tile-note" }, note),
  );
}

const WORDS = { ok: "ok", degraded: "degraded", failed: "failed", unknown: "unknown" };

// in: the page's state   out: one line per component, worst words first
export function drawHealth({ health, zone, now, heardAt }) {
  const older = (now - heardAt) / 1000;
  fill("health", health.components.map((each) => [each, each.age_s == null ? "" : age(each.age_s + older)]), (all) =>
    all.map(([each, old]) =>
      h(
        "li",
        { "data-status": each.status },
        h("span", { class: "dot" }),
        h("b", {}, each.name),
        h("span", { class: "status" }, WORDS[each.status] ?? each.status),
        h("span", { class: "age" }, old ? `· ${old} ago` : ""),
        h("span", { class: "detail" }, localise(each.detail, zone, now), each.remedy ? ` What to do: ${each.remedy}.` : ""),
      ),
    ),
  );
}

const PROOF = { optimal: "Proved optimal", feasible: "Checked, stopped at the time limit", fallback: "A fallback" };

// in: the page's state   out: one line about the plan, and each limit it could not keep
export function drawPlanLine({ plan, zone, now, told }) {
  if (!plan) {
    say("plan-line", told ? "There is no plan now." : "");
    fill("violations", [], () => []);
    return;
  }
  const last = plan.steps.at(-1);
  const gap = plan.gap > 0.0005 ? `, at most ${number(plan.gap * 100)} % above the best` : "";
  say("plan-line", `${amount(plan.cost, plan.currency)} until ${when(last.end, zone, now)}, ending at ${number(last.soc_pct, 0)} %. ${PROOF[plan.optimization_status] ?? plan.optimization_status}${gap}, solved in ${number(plan.solve_s * 1000, 0)} ms at ${clock(plan.created_at, zone)}.`);
  fill("violations", plan.violations, (all) =>
    all.map((each) => h("li", {}, `Limit not kept: ${each.limit}, by ${number(each.amount, 2)} ${each.unit}, from ${when(each.at, zone, now)}${each.until ? ` to ${when(each.until, zone, now)}` : ""}`)),
  );
}

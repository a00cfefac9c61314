// The lower half: alternatives, decisions, the plan's table.

import { by, fill, h } from "./dom.js";
import { MODES, OUTCOMES, SOURCES, amount, clock, day, localise, number, price, when } from "./format.js";
import { ACTIONS } from "./slots.js";

const FEW = 8;
let showAll = false;

// in: GET /recommendation/now   out: what else could be done, and what it would cost more
export function drawAlternatives({ told }) {
  const most = Math.max(0.01, ...told.alternatives.map((each) => each.extra_cost));
  fill("alternatives", [told.alternatives, told.price.currency, told.plan_source], ([all, currency]) =>
    all.length
      ? all.map((each) => alternative(each, currency, most))
      : [h("li", { class: "none" }, told.plan_source === "override" ? "A person decided; nothing else was weighed." : "Nothing else was weighed.")],
  );
}

function alternative(each, currency, most) {
  const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("span", {}));
  bar.firstChild.style.width = `${Math.max(1, (100 * Math.max(0, each.extra_cost)) / most)}%`;
  const extra = Math.abs(each.extra_cost) < 0.0005 ? "±0" : `${each.extra_cost > 0 ? "+" : ""}${amount(each.extra_cost, currency)}`;
  return h(
    "li",
    { "data-mode": each.mode_code },
    h("b", {}, MODES[each.mode_code]?.[0] ?? each.mode_code),
    h("span", { class: "extra", "data-test": "extra" }, extra),
    bar,
    h("span", { class: "why" }, sentence(each.why_not)),
  );
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// in: GET /decisions   out: the newest first, each with what became of it
export function drawDecisions(state) {
  const newest = [...state.decisions].reverse();
  const more = by("more-decisions");
  more.hidden = newest.length <= FEW;
  more.textContent = showAll ? "Show fewer" : `Show all ${newest.length} of the last day`;
  more.onclick = () => {
    showAll = !showAll;
    drawDecisions(state);
  };
  const shown = showAll ? newest : newest.slice(0, FEW);
  fill("decisions", [shown, state.zone], () =>
    shown.length ? shown.map((each, i) => decision(each, shown[i - 1], state)) : [h("li", { class: "none" }, "None in the last day.")],
  );
}

function decision(each, newer, { zone, now }) {
  const last = each.outcomes.at(-1);
  const status = last?.status ?? (newer?.slot_start === each.slot_start ? "replaced" : "open");
  const [sign, word] = OUTCOMES[status] ?? ["·", "no report yet"];
  const detail = [last?.reported_by && `by ${last.reported_by}`, last?.mode_read_back && `read back: ${last.mode_read_back}`, last?.detail].filter(Boolean).join(", ");
  const rung = each.plan_source === "optimizer" ? "" : ` · ${SOURCES[each.plan_source] ?? each.plan_source}`;
  return h(
    "li",
    { "data-mode": each.mode_code, "data-outcome": status },
    h("time", { datetime: each.decided_at }, when(each.decided_at, zone, now)),
    h("b", { class: "pill" }, each.mode),
    h("span", { class: "outcome", title: detail }, `${sign} ${word}`),
    h("span", { class: "why" }, localise(each.reason, zone, now) + rung + (each.cause ? `: ${localise(each.cause, zone, now)}` : "")),
    status === "failed" && detail ? h("span", { class: "detail" }, detail) : null,
  );
}

// in: slots, currency   out: one row per planned slot, a heading per local day
export function drawTable({ slots, plan, zone }) {
  const planned = slots.filter((each) => each.step);
  fill("plan-rows", [planned, zone], () =>
    planned.flatMap((slot, i) => {
      const first = i === 0 || day(slot.start, zone) !== day(planned[i - 1].start, zone);
      return [...(first ? [h("tr", { class: "day" }, h("th", { colspan: 10, scope: "rowgroup" }, day(slot.start, zone)))] : []), row(slot, plan.currency, zone)];
    }),
  );
}

function row(slot, currency, zone) {
  const { step } = slot;
  const near = slot.estimated ? "~" : "";
  return h(
    "tr",
    { "data-start": step.start },
    h("th", { scope: "row" }, clock(step.startMs, zone)),
    h("td", { class: "price", "data-class": slot.priceClass }, near + price(slot.buy, currency)),
    h("td", {}, near + price(slot.sell, currency)),
    h("td", { class: "action", "data-action": step.action }, h("span", {}, ACTIONS[step.action])),
    h("td", {}, number(step.solar_kw, 2)),
    h("td", {}, number(step.load_kw, 2)),
    h("td", {}, number(step.charge_kw - step.discharge_kw, 2)),
    h("td", {}, number(step.import_kw - step.export_kw, 2)),
    h("td", {}, number(step.soc_pct, 0)),
    h("td", {}, amount(step.cost, currency)),
  );
}

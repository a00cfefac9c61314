// The numbers of one slot, as shown beside it.

import { h } from "./dom.js";
import { amount, clock, number, price, unit, weekday } from "./format.js";
import { ACTIONS } from "./slots.js";

// in: slot, the page's state   out: the elements of the box beside it
export function numbers(slot, state) {
  const title = `${weekday(slot.start, state.zone)} ${clock(slot.start, state.zone)} – ${clock(slot.end, state.zone)}`;
  return [
    h("b", {}, title),
    h("span", { class: "tip-action", ...(slot.step ? { "data-action": slot.step.action } : {}) }, `${doing(slot, state)}, ${slot.priceClass} price`),
    h("dl", {}, rows(slot, state).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
  ];
}

function doing(slot, state) {
  if (slot.step) return ACTIONS[slot.step.action];
  return slot.end <= state.now ? "past" : "not planned";
}

// in: slot, state   out: [name, value with unit] of everything known about it
function rows(slot, state) {
  const per = unit(state.currency);
  const near = slot.estimated ? "~" : "";
  const between = (slot.buyLow ?? null) === null ? "" : ` (${price(slot.buyLow, state.currency)} to ${price(slot.buyHigh, state.currency)})`;
  const prices = [["buy", `${near}${price(slot.buy, state.currency)}${between} ${per}`], ["sell", `${near}${price(slot.sell, state.currency)} ${per}`]];
  const { step } = slot;
  if (!step) return [...prices, ...measuredIn(slot, state)];
  return [
    ...prices,
    ...powers(step),
    ["SoC after", `${number(step.soc_pct, 0)} %`],
    ["cost", amount(step.cost, state.currency)],
  ];
}

function powers(each) {
  return [
    ["sun", `${number(each.solar_kw, 2)} kW`],
    ["load", `${number(each.load_kw, 2)} kW`],
    ["battery", `${number(each.charge_kw - each.discharge_kw, 2)} kW`],
    ["grid", `${number(each.import_kw - each.export_kw, 2)} kW`],
  ];
}

function measuredIn(slot, state) {
  const past = state.past.find((each) => each.start <= slot.start && slot.start < each.end);
  const last = state.measured.findLast((each) => Date.parse(each.at) >= slot.start && Date.parse(each.at) < slot.end);
  const mode = state.decisions.findLast((each) => Date.parse(each.decided_at) < slot.end && Date.parse(each.valid_until) > slot.start);
  return [...(past ? powers(past) : []), ...(last ? [["SoC, measured", `${number(last.value, 0)} %`]] : []), ...(mode ? [["mode", mode.mode]] : [])];
}

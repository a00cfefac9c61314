// One list of slots out of prices, plan and decisions. Pure: no DOM, no network, no clock.

const NEGLIGIBLE_KW = 0.05; // fifty watts: an inverter's own appetite
const ABOVE_RESERVE_PCT = 2;

export const ACTIONS = {
  charge_grid: "charge from grid",
  charge_solar: "store solar",
  serve: "battery feeds house",
  sell: "sell from battery",
  export_solar: "solar to grid",
  hold: "keep charge",
  idle: "idle",
};

// in: a plan step   out: what the battery does in it, a key of ACTIONS
export function actionOf(step, reservePct = 0) {
  const surplus = Math.max(0, step.solar_kw - step.curtailed_kw - step.load_kw);
  if (step.charge_kw > NEGLIGIBLE_KW) return step.charge_kw > surplus + NEGLIGIBLE_KW ? "charge_grid" : "charge_solar";
  if (step.discharge_kw > NEGLIGIBLE_KW) return step.export_kw > surplus + NEGLIGIBLE_KW ? "sell" : "serve";
  if (step.export_kw > NEGLIGIBLE_KW) return "export_solar";
  return step.import_kw > NEGLIGIBLE_KW && step.soc_pct > reservePct + ABOVE_RESERVE_PCT ? "hold" : "idle";
}

// in: GET /prices and GET /plan (either may be null)   out: slots, oldest first, each with its plan step where there is one
export function slotsOf(prices, plan) {
  const slots = (prices?.slots ?? []).map((each) => ({
    start: Date.parse(each.start),
    end: Date.parse(each.end),
    buy: each.import_per_kwh,
    sell: each.export_per_kwh,
    priceClass: each.price_class,
    estimated: each.provenance === "estimated",
    simulated: each.provenance === "simulated",
    buyLow: each.import_low_per_kwh ?? null,
    buyHigh: each.import_high_per_kwh ?? null,
    step: null,
  }));
  return (plan?.steps ?? []).reduce((all, step) => withStep(all, step, plan.reserve_pct), slots).sort((a, b) => a.start - b.start);
}

function withStep(slots, step, reservePct) {
  const start = Date.parse(step.start);
  const planned = { ...step, startMs: start, endMs: Date.parse(step.end), action: actionOf(step, reservePct) };
  const slot = slots.find((each) => each.start <= start && start < each.end && each.step === null);
  if (slot) slot.step = planned;
  else {
    slots.push({
      start,
      end: planned.endMs,
      buy: step.import_per_kwh,
      sell: step.export_per_kwh,
      priceClass: step.price_class,
      estimated: step.provenance === "estimated",
      simulated: step.provenance === "simulated",
      step: planned,
    });
  }
  return slots;
}

const INTENTS = { grid_charging: "charge_grid", solar_charging: "charge_solar", load_support: "serve", peak_export: "sell", solar_export: "export_solar" };

// in: GET /dashboard (may be null)   out: the measured half-hours as mean powers, shaped like plan steps
export function pastOf(today) {
  const measured = (today?.rows ?? []).filter((each) => ["actual", "provisional"].includes(each.source) && each.energies && each.hours > 0);
  return measured.map(({ start, end, hours, energies, intent }) => ({
    start: Date.parse(start),
    end: Date.parse(end),
    action: INTENTS[intent] ?? "idle",
    ...Object.fromEntries(Object.entries(energies).map(([name, kwh]) => [name.replace(/_kwh$/, "_kw"), kwh / hours])),
  }));
}

// in: slots, ms   out: the slot that contains the instant, or undefined
export function slotAt(slots, ms) {
  return slots.find((each) => each.start <= ms && ms < each.end);
}

// in: slots, now   out: the first later slot whose action is another one, or undefined
export function nextChange(slots, now) {
  const ahead = slots.filter((each) => each.step && each.end > now);
  return ahead.find((each) => each.step.action !== ahead[0].step.action);
}

// in: GET /decisions, oldest first   out: spans {start, end, mode}, each until the next decision
export function modeSpans(decisions) {
  return decisions.map((each, i) => {
    const next = decisions[i + 1];
    const start = Date.parse(each.decided_at);
    const end = Math.min(Date.parse(each.valid_until), next ? Date.parse(next.decided_at) : Infinity);
    return { start, end, mode: each.mode_code };
  });
}

// in: slots, what to read from each   out: {x, y} of a step line, broken where slots are not neighbours
export function stepLine(slots, read) {
  const x = [];
  const y = [];
  slots.forEach((slot, i) => {
    if (i > 0 && slots[i - 1].end !== slot.start) {
      x.push(slot.start);
      y.push(null);
    }
    x.push(slot.start, slot.end);
    y.push(read(slot), read(slot));
  });
  return { x, y };
}

// in: msg.got.recommendation   out: 1 msg.order, the recommendation if it makes sense, self-use if not   2 nothing to do: no answer, but the lease still runs, or hands off
const { lease_s, max_power_kw, store, letting_go, hands_off, reachable } = msg.settings;
const MODES = ["self_use", "force_charge", "force_discharge", "feed_in_first", "hold"];
const SKEW_MS = 120e3; // two machines' clocks
const now = Date.now();
const state = global.get("battery", store) || {};
const { ok, body, failure } = msg.got.recommendation;
msg.recommendation = null;

if (letting_go || (hands_off && state.ours && reachable)) { // what this flow moved is not left behind
    msg.order = letting_go ? retreat("changed", letting_go) : retreat("hands_off", `${hands_off}: back to self-use, then hands off`);
    return [msg, null];
}
if (!ok) {
    msg.failure = { code: "optimizer", text: failure };
    if (hands_off || state.lease_until > now) return [null, msg];
    msg.order = retreat("optimizer", `${failure}; the last recommendation has run out`);
    return [msg, null];
}
const nonsense = wrong(body);
if (!nonsense && hands_off) {
    msg.recommendation = body;
    return [null, msg];
}
if (nonsense) {
    msg.failure = { code: "nonsense", text: `the recommendation makes no sense: ${nonsense}` };
    if (hands_off) return [null, msg];
    msg.order = retreat("nonsense", msg.failure.text);
    msg.order.decision_id = typeof body.decision_id === "string" ? body.decision_id : null;
    return [msg, null];
}
msg.recommendation = body;
msg.order = {
    mode_code: body.mode_code, power_kw: body.power_kw, target_soc_pct: body.target_soc_pct, current_a: body.discharge_current,
    decision_id: body.decision_id, source: body.plan_source, cause: null,
    wish: body.plan_source === "override" ? `${body.mode_code} ${body.power_kw} kW: ${body.reason}` : null, // the reason says who asked until when
};
state.dry_run = Boolean(body.dry_run);
state.lease_until = Math.min(Date.parse(body.valid_until), now + lease_s * 1000);
global.set("battery", state, store);
return [msg, null];

function wrong(told) {
    const [start, end, until] = [told.slot_start, told.slot_end, told.valid_until].map((text) => Date.parse(text));
    const within = (value, low, high) => value === null || (typeof value === "number" && value >= low && value <= high);
    if (!MODES.includes(told.mode_code)) return `unknown mode ${JSON.stringify(told.mode_code)}`;
    if (typeof told.decision_id !== "string" || !told.decision_id) return "it has no decision_id";
    if (![start, end, until].every(Number.isFinite)) return "its times are missing";
    if (!(start - SKEW_MS <= now && now < end + SKEW_MS)) return `its slot ${told.slot_start} to ${told.slot_end} is not now`;
    if (until <= now) return `it was valid until ${told.valid_until}`;
    if (!within(told.power_kw, 0, max_power_kw)) return `${told.power_kw} kW is not within 0 to ${max_power_kw} kW`;
    if (!within(told.target_soc_pct, 0, 100)) return `a target of ${told.target_soc_pct} %`;
    if (!within(told.discharge_current, 0, 10000) || told.discharge_current === null) return `a discharge current of ${told.discharge_current} A`;
    return null;
}

function retreat(code, text) {
    return { mode_code: "self_use", power_kw: null, target_soc_pct: null, current_a: 0, decision_id: null, source: "safety", cause: { code, text } };
}

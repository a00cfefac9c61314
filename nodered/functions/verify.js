// in: msg.wanted, and msg.house as read back after the writes   out: 1 done: confirmed or failed   2 write again   3 failed for good: msg.order is self-use now
const { ramp_s, store, profile } = msg.settings;
const { order } = msg;
const state = global.get("battery", store) || {};
const now = Date.now();
if (state.run !== msg.run) return [msg, null, null]; // a newer run has taken over, and tells what came of it
const off = msg.failure?.code === "home_assistant" ? [msg.failure.text] : msg.wanted.filter((each) => !holds(each)).map(read);
if (msg.refused) off.push(`Home Assistant refused: ${msg.refused}`);
delete msg.refused;

if (!off.length) {
    const since = state.held?.key === order.key ? state.held.since : now;
    const told_at = state.held?.key === order.key && !msg.wrote ? state.held.told_at : now;
    const expect = Object.fromEntries(msg.wanted.filter((each) => each.domain !== "number").map((each) => [each.entity, each.value]));
    state.held = { key: order.key, wish: order.wish, done_by: order.done_by, decision_id: order.decision_id, expect, since, told_at, ends_at: msg.ends_at };
    state.ours = order.done_by !== "self_use";
    const doubt = now - since >= 1000 * ramp_s ? contradiction() : null;
    const blind = profile.modes[order.done_by].some((step) => !Array.isArray(step)); // nothing to read back: only the power can tell
    if (!order.cause) state.failing = null;
    if (order.cause?.code === "restarted") Object.assign(state, { restarted: null, again: true });
    outcome(doubt || order.note ? "failed" : blind && now - since < 1000 * ramp_s ? "commanded" : "confirmed", order.note || doubt);
    if (doubt) msg.failure = { code: "power", text: doubt };
    else if (order.note) msg.failure = { code: "cannot", text: order.note };
    return [msg, null, null];
}
if (msg.tries_left > 0) {
    global.set("battery", state, store);
    return [null, msg, null];
}
const text = off.join("; ");
if (!order.cause) state.failing = order.key;
state.held = null;
outcome("failed", text);
msg.failure = { code: "not_obeyed", text: `the inverter did not obey: ${text}` };
if (order.done_by === "self_use" || msg.retreated) return [msg, null, null];
msg.retreated = true;
msg.tries_left = undefined;
msg.order = { ...order, mode_code: "self_use", power_kw: null, target_soc_pct: null, decision_id: null, source: "safety", wish: null, cause: msg.failure };
return [null, null, msg];

function holds({ entity, domain, value, near }) {
    const row = msg.house.states[entity];
    if (!row || ["unknown", "unavailable", ""].includes(row.state)) return false;
    return domain === "number" ? Math.abs(Number(row.state) - value) <= near : row.state === value;
}

function read({ entity, value }) {
    return `${entity} is ${msg.house.states[entity]?.state ?? "not there"}, not ${value}`;
}

// What the battery does may prove that a setting is only for show; small powers and nearly full or empty batteries prove nothing.
function contradiction() {
    const { battery_kw: kw, soc_pct: soc } = msg.house.measured;
    const asked = Math.min(order.power_kw ?? 1, 1);
    if (kw === null || kw === undefined || soc === null || soc === undefined) return null;
    const full = soc >= Math.min(order.target_soc_pct ?? 100, 95) - 1;
    const empty = soc <= Math.max(order.target_soc_pct ?? 0, msg.settings.reserve_pct) + 6;
    const does = `the battery ${kw < 0 ? "discharges" : "charges"} ${Math.abs(kw).toFixed(1)} kW`;
    if (order.done_by === "force_charge" && !full && asked > 0.2 && kw < 0.1 * asked) return `told to charge, but ${does}`;
    if (order.done_by === "force_discharge" && !empty && asked > 0.2 && kw > -0.1 * asked) return `told to discharge, but ${does}`;
    if (order.done_by === "hold" && kw < -0.5) return `told to hold, but ${does}`;
    return null;
}

function outcome(status, detail) {
    global.set("battery", state, store);
    msg.outcomes = msg.outcomes || [];
    if (order.decision_id) msg.outcomes.push({ status: order.cause && status === "confirmed" ? (order.cause.code === "dry_run" ? "overridden" : "failed") : status, detail: order.cause ? `self-use instead: ${order.cause.text}` : detail, decision_id: order.decision_id });
    msg.result = { status, detail, mode: mode_read() };
}

function mode_read() {
    const tells = msg.house?.states[profile.settings[profile.tells]?.entity];
    return tells ? tells.state : null;
}

// in: msg.wanted, and msg.house as read back after the writes   out: 1 done: confirmed or failed   2 write again, or tell again what does not run
// 3 failed for good: msg.order is self-use now; msg.trouble says what failed
const { ramp_s, revert_s, store, profile, rhythms } = msg.settings;
const { order } = msg;
const state = global.get("battery", store) || {};
const now = Date.now();
if (state.run !== msg.run) return [msg, null, null]; // a newer run has taken over, and tells what came of it
const off = msg.failure?.code === "home_assistant" ? [msg.failure.text] : msg.wanted.filter((each) => !holds(each)).map(read);
if (msg.refused) off.push(`Home Assistant refused: ${msg.refused}`);
delete msg.refused;

if (!off.length) {
    const before = state.held?.key === order.key ? state.held : null;
    const since = before?.since ?? now;
    const told_at = before && !msg.wrote ? before.told_at : now;
    const ramped = now - since >= 1000 * ramp_s;
    const { contrary, shown, only_power } = msg.runs;
    const doubt = ramped ? contrary : null;
    const expect = Object.fromEntries(msg.wanted.filter((each) => each.domain !== "number").map((each) => [each.entity, each.value]));
    state.held = {
        key: order.key, wish: order.wish, done_by: order.done_by, decision_id: order.decision_id, expect, since, told_at, ends_at: msg.ends_at,
        ran: Boolean(before?.ran || shown), cost: before?.cost ?? msg.spent ?? 0, doubted_at: doubt ? before?.doubted_at ?? now : null,
    };
    state.ours = order.done_by !== "self_use";
    if (!order.cause) state.failing = null;
    if (order.cause?.code === "restarted") Object.assign(state, { restarted: null, again: true });
    if (!doubt && now - since >= 1000 * revert_s && (ramped || state.held.ran)) delete state.troubles?.[order.done_by];
    const found = order.done_by === "self_use" && doubt && now - state.held.doubted_at < 500 * rhythms.control.every_s ? null : doubt; // a cloud makes one such moment
    outcome(found || order.note ? "failed" : only_power && !ramped ? "commanded" : "confirmed", order.note || found);
    if (found && !msg.retold && (only_power || order.done_by === "self_use")) return [null, told_again(found), null];
    if (found) msg.failure = { code: "power", text: found };
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
msg.retold = false;
msg.tries_left = undefined;
if (msg.spent) msg.trouble = { mode: order.done_by, text: msg.failure.text, cost: msg.spent, wish: order.wish };
msg.order = { ...order, mode_code: "self_use", power_kw: null, target_soc_pct: null, decision_id: null, source: "safety", wish: null, cause: msg.failure };
return [null, null, msg];

// What was set does not run: whatever the settings say, it is told at once, and the less often the less it helps.
function told_again(text) {
    const { held } = state;
    if (!held.ran) msg.trouble = { mode: order.done_by, text, cost: order.done_by === "self_use" ? 0 : held.cost, wish: order.wish };
    held.cost = 0;
    global.set("battery", state, store);
    return Object.assign(msg, { retold: true, tries_left: 1, failure: { code: "power", text } });
}

function holds({ entity, domain, value, near }) {
    const row = msg.house.states[entity];
    if (!row || ["unknown", "unavailable", ""].includes(row.state)) return false;
    return domain === "number" ? Math.abs(Number(row.state) - value) <= near : row.state === value;
}

function read({ entity, value }) {
    const { state: is = "not there", options } = msg.house.states[entity] || {};
    const offers = !options?.length || typeof value !== "string" || options.includes(value);
    return `${entity} is ${is}, not ${value}${offers ? "" : ", which it does not offer"}`;
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

// in: msg.writes   out: 1 to be written   2 nothing to write, it is so already   3 not to be written: dry run   4 budget spent: msg.order is self-use now
const { dry_run, write_budget, store } = msg.settings;
const state = global.get("battery", store) || {};
const today = new Date().toDateString(); // the house's day
if (state.writes?.day !== today) state.writes = { day: today, count: 0 };
global.set("battery", state, store);
msg.outcomes = msg.outcomes || [];
msg.would_write = null;

if (dry_run || state.dry_run) {
    const { ours } = state; // a mode this flow set must not be left behind
    if (ours && msg.order.mode_code !== "self_use") return again("dry_run", "the dry run was switched on: back to self-use, then hands off");
    if (!ours) {
        msg.would_write = msg.writes.map((each) => `${each.action} ${each.entity || ""} ${each.data ? JSON.stringify(each.data) : ""}`.replace(/ +/g, " ").trim());
        msg.outcomes.push({ status: "overridden", decision_id: msg.order.decision_id, detail: `dry run; would write: ${msg.would_write.join(", ") || "nothing"}`.slice(0, 500) });
        return [null, null, msg, null];
    }
}
const gone = msg.wanted.map(({ entity }) => entity).filter((entity) => [undefined, "unavailable"].includes(msg.house.states[entity]?.state));
if (gone.length) { // Home Assistant would answer "done", and nothing would happen; what else leads to self-use is written all the same
    msg.writes = msg.order.done_by === "self_use" ? msg.writes.filter(({ entity }) => !gone.includes(entity)) : [];
    msg.tries_left = msg.writes.length ? 1 : 0;
}
if (!msg.writes.length) return [null, msg, null, null];
if (state.writes.count + msg.writes.length > write_budget && msg.order.done_by !== "self_use") {
    return again("budget", `${state.writes.count} of ${write_budget} writes to the inverter are used up today: self-use until midnight`);
}
msg.tries_left = (msg.tries_left ?? (state.failing === msg.order.key ? 1 : msg.settings.tries)) - 1;
if (msg.order.decision_id && !msg.order.cause) msg.outcomes.push({ status: "commanded", decision_id: msg.order.decision_id, detail: null, at: Date.now() });
return [msg, null, null, null];

function again(code, text) {
    msg.order = { ...msg.order, mode_code: "self_use", power_kw: null, target_soc_pct: null, source: "safety", wish: null, cause: { code, text } };
    return [null, null, null, msg];
}

// in: msg.writes, and msg.trouble, a mode that just failed   out: 1 to be written   2 nothing to write, it is so already
// 3 not to be written: dry run, or told again too soon   4 budget spent, or the mode rests because it fails: msg.order is self-use now
const { dry_run, write_budget, rhythms, store } = msg.settings;
const LONGEST_REST = 12; // ticks: an hour
const SHARE = 0.5; // of the day's writes, for modes that fail; the rest is for what works
const state = global.get("battery", store) || {};
const today = new Date().toDateString(); // the house's day
if (state.writes?.day !== today) state.writes = { day: today, count: 0, failed: 0 };
state.troubles = state.troubles || {};
const rests = resting(state.troubles[msg.order.done_by]);
if (msg.trouble) note(msg.trouble);
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
const gone = msg.wanted.filter(({ entity, domain, value }) => [undefined, "unavailable"].includes(msg.house.states[entity]?.state) || !offers(entity, domain, value)).map(({ entity }) => entity);
if (gone.length) { // Home Assistant would answer "done", and nothing would happen; what else leads to self-use is written all the same
    msg.writes = msg.order.done_by === "self_use" ? msg.writes.filter(({ entity }) => !gone.includes(entity)) : [];
    msg.tries_left = msg.writes.length ? 1 : 0;
}
if (!msg.writes.length) return [null, msg, null, null];
if (rests && msg.retold) return [null, null, msg, null];
if (rests && !msg.wrote && msg.order.done_by !== "self_use") return again("failing", rests);
if (state.writes.count + msg.writes.length > write_budget && msg.order.done_by !== "self_use") {
    return again("budget", `${state.writes.count} of ${write_budget} writes to the inverter are used up today: self-use until midnight`);
}
msg.tries_left = (msg.tries_left ?? (state.failing === msg.order.key ? 1 : msg.settings.tries)) - 1;
if (msg.order.decision_id && !msg.order.cause) msg.outcomes.push({ status: "commanded", decision_id: msg.order.decision_id, detail: null, at: Date.now() });
return [msg, null, null, null];

// Twice as long each time, so that one mode does not spend what the others need; a person's newer wish is tried at once.
function resting(trouble) {
    if (!trouble || (msg.order.wish && msg.order.wish !== trouble.wish)) return null;
    const { mode, text, until } = trouble;
    if (until > Date.now()) return `${text}; ${mode} is tried again from ${new Date(until).toISOString().slice(11, 16)} UTC, self-use until then`;
    if (mode === "self_use" || (state.writes.failed || 0) < SHARE * write_budget) return null;
    return `${text}; ${state.writes.failed} of ${write_budget} writes of today were spent on what failed, the rest is kept for what works`;
}

function note({ mode, text, cost, wish }) {
    delete msg.trouble;
    state.writes.failed = (state.writes.failed || 0) + cost;
    if (mode === msg.order.done_by && rests) return;
    const last = state.troubles[mode], tick_ms = 1000 * rhythms.control.every_s;
    const count = last && Date.now() - last.until < 2 * LONGEST_REST * tick_ms ? last.count + 1 : 1;
    const ticks = count < 2 ? 0 : Math.min(LONGEST_REST, 2 ** (count - 1)) - 0.5;
    state.troubles[mode] = { mode, text, count, wish: wish ?? null, until: Date.now() + ticks * tick_ms };
}

function offers(entity, domain, value) {
    const { options } = msg.house.states[entity] || {};
    return domain !== "select" || !options?.length || options.includes(value);
}

function again(code, text) {
    msg.retold = false;
    msg.order = { ...msg.order, mode_code: "self_use", power_kw: null, target_soc_pct: null, source: "safety", wish: null, cause: { code, text } };
    return [null, null, null, msg];
}

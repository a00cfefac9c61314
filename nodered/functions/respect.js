// in: msg.order, msg.house   out: 1 the order to carry out, as the newest run   2 left alone, because a person changed the inverter by hand
const { hand_s, revert_s, dry_run, store } = msg.settings;
const { states } = msg.house;
const now = Date.now();
const state = global.get("battery", store) || {};
const told = (status, detail, id = msg.order.decision_id) => msg.outcomes.push({ status, detail, decision_id: id });
msg.outcomes = msg.outcomes || [];

msg.run = state.run = (state.run || 0) + 1; // a tick and the watchdog may meet at one inverter: the newer one has the word
if (dry_run || state.dry_run) state.restarted = null; // hands off: there is nothing to bring back
if (state.leave_until > now) state.restarted = null; // what a person chose stays
if (state.restarted && msg.order.cause?.code !== "lease") { // nobody has vouched for what it does: self-use first, the plan once that is confirmed
    msg.order = { ...msg.order, mode_code: "self_use", source: "safety", wish: null, cause: { code: "restarted", text: state.restarted } };
    state.held = null;
}
const moved = Object.entries(state.held?.expect || {}).find(([id, value]) => known(id) && states[id].state !== value);
const { wish } = msg.order;
if (moved && (!wish || state.held.wish === wish)) { // an override not carried out yet is a newer wish than the change
    const [id, ours] = moved;
    const after_s = states[id].changed - (state.wrote_at || 0) / 1000; // soon after our own write it was not a person
    if (after_s <= revert_s) {
        const text = `the inverter went from ${ours} to ${states[id].state} by itself`;
        told("failed", text, state.held.decision_id);
        msg.failure = { code: "reverted", text };
        msg.trouble = { mode: state.held.done_by, text, cost: state.held.cost || 0, wish: state.held.wish };
    } else {
        state.leave_until = now + hand_s * 1000;
        state.ours = false;
        state.beaten = wish || null;
        state.by_hand = `changed by hand from ${ours} to ${states[id].state}`;
    }
    state.held = null;
}
if (wish && wish !== state.beaten && state.leave_until > now) state.leave_until = 0; // the newest wish of a person
global.set("battery", state, store);
if (state.leave_until > now && msg.order.cause?.code !== "restarted") {
    told("overridden", `${state.by_hand}; left alone until ${new Date(state.leave_until).toISOString().slice(0, 16)}Z`);
    return [null, msg];
}
return [msg, null];

function known(id) {
    return states[id] && !["unknown", "unavailable", ""].includes(states[id].state);
}

// in: a heartbeat   out: msg.order self-use, once the last recommendation has run out and the inverter is not known to be in self-use
const { store, lease_s, dry_run, hands_off, reachable, rhythms } = msg.settings;
const state = global.get("battery", store) || {};
const now = Date.now();
if (!reachable) return null;
if (state.lease_until === undefined) { // never had a recommendation: the first lease starts now
    state.lease_until = now + lease_s * 1000;
    global.set("battery", state, store);
}
const running = state.lease_until > now;
if (running || dry_run || state.dry_run || (hands_off && !state.ours) || state.leave_until > now) return null;
if (state.held?.done_by === "self_use" && state.lease_over === state.lease_until) return null;
if (now - (state.lease_tried_at || 0) < 1000 * rhythms.control.every_s) return null; // an inverter that does not obey is asked once per tick
Object.assign(state, { lease_over: state.lease_until, lease_tried_at: now });
global.set("battery", state, store);
const text = `no fresh recommendation since ${new Date(state.lease_until).toISOString().slice(0, 16)}Z: self-use`;
msg.order = { mode_code: "self_use", power_kw: null, target_soc_pct: null, current_a: 0, decision_id: null, source: "safety", cause: { code: "lease", text } };
msg.recommendation = null;
return msg;

// in: msg.outcomes   out: msg.asks for those not reported yet, with what was measured; they wait in the context until delivered
const { store, profile } = msg.settings;
const state = global.get("battery", store) || {};
const MOST_WAITING = 50;
const { soc_pct, battery_kw } = msg.house?.measured || {};
const mode = msg.house?.states[profile.settings[profile.tells]?.entity]?.state;
const within = (value, low, high) => (typeof value === "number" && value >= low && value <= high ? value : null);
state.reported = state.reported || [];
const fresh = [];
for (const { status, detail, decision_id, at } of msg.outcomes || []) {
    const read_back = status === "commanded" ? {} : { mode_read_back: mode?.slice(0, 64) ?? null, battery_kw: within(battery_kw, -1000, 1000), soc_pct: within(soc_pct, 0, 100) };
    const key = `${decision_id} ${status} ${read_back.mode_read_back} ${detail}`;
    if (!decision_id || state.reported.includes(key)) continue;
    state.reported = [...state.reported, key].slice(-MOST_WAITING);
    const body = { status, at: new Date(at ?? Date.now()).toISOString(), ...read_back, detail: detail?.slice(0, 500) ?? null };
    fresh.push({ name: `outcome ${key}`, method: "POST", path: `/api/v1/decisions/${encodeURIComponent(decision_id)}/outcome`, body });
}
global.set("battery", state, store);
const waiting = [...(global.get("battery_outcomes", store) || []), ...fresh].slice(-MOST_WAITING);
global.set("battery_outcomes", waiting, store);
msg.asks = waiting.map((each) => ({ ...each }));
msg.got = {};
msg.outcomes = [];
return msg;

// in: a tick that came to its end, well or not   out: 1 the state for dashboard and watchdog   2 another tick, if one is due at once
const { store } = msg.settings;
const state = global.get("battery", store) || {};
const error = msg.error && { code: "flow", text: `${msg.error.source?.name || "a node"}: ${msg.error.message}` };
const problem = error || msg.order?.cause || msg.failure || null;
const offline = !problem && msg.house && Object.values(msg.house.told).some((value) => value === null)
    ? { code: "sensor", text: `no value from ${Object.entries(msg.house.told).filter(([, value]) => value === null).map(([name]) => msg.settings.profile.sensors[name].entity).join(", ")}` } : null;
const doubted = !problem && msg.house?.doubts?.length ? { code: "sensor", text: `not believed: ${msg.house.doubts.join("; ")}` } : null;
const frozen = !problem && msg.house?.frozen_at
    ? { code: "sensor", text: `no sensor has told anything since ${new Date(msg.house.frozen_at).toISOString().slice(0, 16)}Z` } : null;
// an inverter that is not in Home Assistant any more cannot be let go of; otherwise the new one's turn comes once this one is in self-use
const { letting_go } = msg.settings;
if (letting_go && msg.wanted?.length && msg.wanted.every(({ entity }) => msg.house && !msg.house.states[entity])) state.ours = false;
const again = state.again || Boolean(letting_go && !state.ours);
state.again = false;
state.last = {
    at: Date.now(), recommendation: msg.recommendation ?? state.last?.recommendation ?? null, fresh: Boolean(msg.recommendation),
    order: msg.order ?? null, result: msg.result ?? null, would_write: msg.would_write ?? null, problem: problem || offline || doubted || frozen,
    readings_failure: msg.got?.readings?.failure ?? null,
};
global.set("battery", state, store);
flow.set("control_busy_until", 0);
node.status({ fill: problem ? "red" : "green", shape: "dot", text: problem ? problem.text.slice(0, 60) : msg.result?.mode || "" });
return [{ topic: "dashboard", force: true, payload: state.last }, again ? { topic: "control", force: true } : null];

// in: msg.got.health, and what the other tabs have kept   out: msg.payload.components, ours and the optimizer's, each with status and age
const { store, rhythms, complaints, profile, known, reachable, hands_off } = msg.settings;
const state = global.get("battery", store) || {};
const last = state.last || {};
const { ok, body, failure } = msg.got.health;
const age = (at) => (at ? Math.max(0, Math.round((Date.now() - at) / 1000)) : null);
const looked = global.get("battery_house", store) || {};
const learnt = global.get("battery_executor", store) || {};
const components = [
    { name: "optimizer", status: body?.status || (ok ? "ok" : "failed"), age_s: body?.components ? 0 : age(last.fresh && last.at), detail: body?.components ? (body.simulated ? "answers; prices or house are simulated" : "answers") : failure },
    ...(body?.components || []).map((each) => ({ ...each, name: `optimizer: ${each.name}` })),
    { name: "Home Assistant", status: looked.failure ? "failed" : looked.at ? "ok" : "unknown", age_s: age(looked.seen_at), detail: looked.failure || (state.away ? `answers; ${state.away.text} ${new Date(state.away.at).toLocaleString("sv")}` : "answers") },
    { name: "control", status: !last.at ? "unknown" : age(last.at) > 3 * rhythms.control.every_s + 60 ? "failed" : last.problem ? "degraded" : "ok", age_s: age(last.at), detail: last.problem?.text || (last.at ? "the last tick went well" : "no tick yet") },
    { name: "readings", status: last.readings_failure ? "degraded" : last.at ? "ok" : "unknown", age_s: null, detail: last.readings_failure || `${(global.get("battery_readings", store) || []).length} waiting to be delivered` },
    { name: "settings", status: !known ? "failed" : learnt.failure || complaints.length || !reachable ? "degraded" : "ok", age_s: age(learnt.at), detail: [...settings(), ...complaints].join("; ") },
];
msg.payload = { components };
return { payload: msg.payload };

// What is known of the house, and why no more.
function settings() {
    if (!known) return [`nothing is known of this house yet, so nothing is written: ${learnt.failure || "the optimizer was not asked yet"}`];
    const told = `${msg.settings.title || msg.settings.site}: ${reachable ? profile.title : hands_off}`;
    return learnt.failure ? [`${learnt.failure}; goes on with what was told before: ${told}`] : [told];
}

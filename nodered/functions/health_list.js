// in: msg.got.health, msg.failure of the last look at the house   out: msg.payload.components, ours and the optimizer's, each with status and age
const { store, rhythms, complaints, profile } = msg.settings;
const state = global.get("battery", store) || {};
const last = state.last || {};
const { ok, body, failure } = msg.got.health;
const age = (at) => (at ? Math.max(0, Math.round((Date.now() - at) / 1000)) : null);
const looked = global.get("battery_house", store) || {};
const components = [
    { name: "optimizer", status: body?.status || (ok ? "ok" : "failed"), age_s: body?.components ? 0 : age(last.fresh && last.at), detail: body?.components ? (body.simulated ? "answers; prices or house are simulated" : "answers") : failure },
    ...(body?.components || []).map((each) => ({ ...each, name: `optimizer: ${each.name}` })),
    { name: "Home Assistant", status: looked.failure ? "failed" : looked.at ? "ok" : "unknown", age_s: age(looked.seen_at), detail: looked.failure || (state.away ? `answers; ${state.away.text} ${new Date(state.away.at).toLocaleString("sv")}` : "answers") },
    { name: "control", status: !last.at ? "unknown" : age(last.at) > 3 * rhythms.control.every_s + 60 ? "failed" : last.problem ? "degraded" : "ok", age_s: age(last.at), detail: last.problem?.text || (last.at ? "the last tick went well" : "no tick yet") },
    { name: "readings", status: last.readings_failure ? "degraded" : last.at ? "ok" : "unknown", age_s: null, detail: last.readings_failure || `${(global.get("battery_readings", store) || []).length} waiting to be delivered` },
    { name: "settings", status: complaints.length ? "degraded" : "ok", age_s: null, detail: complaints.join("; ") || `profile ${profile.title}` },
];
msg.payload = { components };
return { payload: msg.payload };

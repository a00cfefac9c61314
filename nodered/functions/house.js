// in: msg.payload, Home Assistant's answer to look.js, or msg.error
// out: 1 msg.house = {at, frozen_at, states, measured}: kW, %, V; importing and charging positive; what is not known is null   2 msg.failure
const FROZEN_MS = 30 * 60e3; // an integration that died may leave its last values behind, as if they were true
if (msg.error) return [null, failed(`Home Assistant does not answer (${msg.error.message})`)];
let rows;
try {
    rows = typeof msg.payload === "string" ? JSON.parse(msg.payload) : msg.payload;
} catch (error) {
    return [null, failed(`Home Assistant's answer is not JSON (${error.message})`)];
}
if (!Array.isArray(rows)) return [null, failed("Home Assistant's answer is not a list of entities")];
const states = Object.fromEntries(rows.map((row) => [row.id, row]));
const measured = {};
let told_at = 0;
for (const [quantity, sensor] of Object.entries(msg.settings.profile.sensors)) {
    if (!sensor.entity) continue; // optional, and not used in this house
    told_at = Math.max(told_at, 1000 * (states[sensor.entity]?.told ?? Infinity));
    const [plus, minus] = [value(sensor.entity, quantity), sensor.minus ? value(sensor.minus, quantity) : 0];
    measured[quantity] = plus === null || minus === null ? null : rounded((sensor.sign ?? 1) * (plus - minus));
}
if (msg.failure?.code === "home_assistant") delete msg.failure;
const now = Date.now();
msg.house = { at: now, frozen_at: now - told_at > FROZEN_MS ? told_at : null, states, measured }; // only when no sensor tells anything: one may rest
return [msg, null];

function value(id, quantity) {
    const row = states[id];
    const number = row && row.state.trim() !== "" ? Number(row.state) : NaN; // "unknown", "unavailable" and "" are not 0
    if (!Number.isFinite(number)) return null;
    const scales = quantity.endsWith("_kw") ? { W: 0.001, kW: 1, MW: 1000 } : quantity.endsWith("_v") ? { V: 1, mV: 0.001 } : { "%": 1 };
    const scale = scales[row.unit];
    return scale === undefined ? null : number * scale; // a unit nobody declared is not guessed
}

function rounded(number) {
    return Math.round(number * 1e4) / 1e4 + 0; // + 0: no -0
}

function failed(text) {
    delete msg.error;
    msg.failure = { code: "home_assistant", text };
    return msg;
}

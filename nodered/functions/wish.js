// in: msg.payload = {do: force | release | take_back | dry_run, …}, a person's wish on the dashboard
// out: 1 msg.asks for the optimizer   2 done here
const { store, max_power_kw } = msg.settings;
const state = global.get("battery", store) || {};
const wish = msg.payload;
msg.wish = wish.do;
const MODES = ["self_use", "force_charge", "force_discharge", "feed_in_first", "hold"];
if (wish.do === "force") {
    const until = Date.parse(wish.until);
    if (!MODES.includes(wish.mode) || !(until > Date.now())) { node.error("an override needs a mode and a time to come", msg); return null; }
    const forced = wish.mode.startsWith("force_");
    const body = { mode: wish.mode, until: new Date(until).toISOString(), note: "from the dashboard" };
    if (forced && wish.power_kw > max_power_kw) return refuse(`${wish.power_kw} kW is too much: the inverter is told ${max_power_kw} kW at most from here`);
    if (forced && wish.power_kw > 0) body.power_kw = wish.power_kw;
    const start = new Date(Math.floor(Date.now() / 60e3) * 60e3).toISOString();
    msg.asks = [{ name: "force", method: "PUT", path: `/api/v1/overrides/${encodeURIComponent(start)}`, body }]; // it lies over those before it
    return [msg, null];
}
if (wish.do === "release") {
    msg.asks = [{ name: "release", method: "DELETE", path: `/api/v1/overrides/${encodeURIComponent(wish.start)}` }];
    return [msg, null];
}
if (wish.do === "dry_run") {
    msg.asks = [{ name: "dry_run", method: "PUT", path: "/api/v1/settings/control", body: { dry_run: Boolean(wish.on) } }];
    return [msg, null];
}
if (wish.do === "take_back") Object.assign(state, { leave_until: 0, by_hand: null, troubles: {} });
global.set("battery", state, store);
return [null, msg];

function refuse(failure) {
    msg.got = { force: { ok: false, failure } };
    return [null, msg];
}

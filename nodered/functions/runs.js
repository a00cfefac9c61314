// in: msg.order, msg.house   out: msg.runs = {contrary, shown, only_power}: why the order does not run by what the battery does, or null;
// whether that shows that it runs; whether nothing else can
const { profile, max_power_kw, reserve_pct } = msg.settings;
const { order } = msg;
const { battery_kw: kw = null, soc_pct: soc = null, grid_kw = null } = msg.house?.measured || {};
const calls = profile.modes[order.done_by].some((step) => !Array.isArray(step));
const contrary = kw === null || soc === null || msg.house.frozen_at ? null : contradiction();
msg.runs = {
    contrary,
    shown: order.done_by !== "self_use" && kw !== null && !contrary,
    only_power: calls || (profile.read_back === "power" && order.done_by !== "self_use"),
};
return msg;

// What the battery does may prove that a setting is only for show; small powers and nearly full or empty batteries prove nothing.
function contradiction() {
    const asked = Math.min(order.power_kw ?? 1, 1);
    const full = soc >= Math.min(order.target_soc_pct ?? 100, 95) - 1;
    const empty = soc <= Math.max(order.target_soc_pct ?? 0, reserve_pct) + 6;
    const much = Math.max(0.5, 0.1 * max_power_kw);
    const does = `the battery ${kw < 0 ? "discharges" : "charges"} ${Math.abs(kw).toFixed(1)} kW`;
    if (order.done_by === "force_charge" && !full && asked > 0.2 && kw < 0.1 * asked) return `told to charge, but ${does}`;
    if (order.done_by === "force_discharge" && !empty && asked > 0.2 && kw > -0.1 * asked) return `told to discharge, but ${does}`;
    if (order.done_by === "hold" && kw < -0.5) return `told to hold, but ${does}`;
    if (order.done_by === "self_use" && soc > reserve_pct && kw > much && grid_kw > much) return `told self-use, but ${does} from the grid`;
    if (order.done_by === "self_use" && kw < -much && grid_kw < -much) return `told self-use, but ${does} into the grid`;
    return null;
}

// in: msg.order, msg.house, msg.settings.profile   out: msg.wanted, how the inverter's settings must read; msg.writes, the calls that bring it there
const { profile, max_power_kw, max_current_a, reserve_pct, limit_pct, device_id, store } = msg.settings;
const { states, recent } = msg.house;
const state = global.get("battery", store) || {};
const { order } = msg;

const asked = profile.modes[order.mode_code];
const lack = !asked ? profile.lacks[order.mode_code] || "no such mode" : order.mode_code === "self_use" ? null : unmeasured(asked) || unoffered(asked)[0];
order.done_by = lack ? "self_use" : order.mode_code;
order.note = lack ? `${profile.title} cannot ${order.mode_code}: ${lack}; self-use instead` : null;
order.key = JSON.stringify([order.done_by, order.power_kw, order.target_soc_pct]);
const now = Date.now();
const minutes = Math.max(1, Math.min(profile.most_minutes || 1440, Math.ceil(((state.lease_until || 0) - now) / 60e3)));
const ends_at = JSON.stringify(profile.modes[order.done_by]).includes("$minutes") ? now + minutes * 60e3 : null;
const stale = msg.retold || state.held?.key !== order.key || runs_out(state.held);
msg.ends_at = stale ? ends_at : state.held.ends_at;

msg.wanted = [];
msg.writes = [];
msg.unoffered = unoffered(profile.modes[order.done_by]);
for (const step of profile.modes[order.done_by]) {
    if (Array.isArray(step)) add_setting(...step);
    else if (stale) msg.writes.push({ action: step.action, data: Object.fromEntries(Object.entries(step.data || {}).map(([name, told]) => [name, value(told)])) });
}
if (msg.writes.length || (stale && (msg.retold || profile.refresh_s || !state.held))) for (const role of profile.press || []) msg.writes.push({ action: "button.press", entity: profile.settings[role].entity });
return msg;

// A grid set-point needs what the house draws: unknown is not 0.
function unmeasured(steps) {
    const needed = JSON.stringify(steps).includes("$grid_to_") ? ["load_kw", "solar_kw"] : [];
    const missing = needed.filter((name) => recent[name] === undefined);
    return missing.length ? `${missing.join(" and ")} not measured` : null;
}

// A word that its select does not offer would be refused at best.
function unoffered(steps) {
    return steps.filter(Array.isArray).map(([role, told]) => ({ ...profile.settings[role], told })).flatMap(({ entity, told }) => {
        const options = states[entity]?.options;
        const offers = !/^(input_)?select\./.test(entity) || !options?.length || options.includes(told);
        return offers ? [] : [`${entity} does not offer ${JSON.stringify(told)}, but ${options.join(", ")}`];
    });
}

// Whether what was told ends by itself before two more ticks, and the lease goes on.
function runs_out({ told_at, ends_at: ends }) {
    const soon = now + 2000 * msg.settings.rhythms.control.every_s;
    if (ends_at) return !(ends > soon) && !(ends >= state.lease_until);
    return profile.refresh_s && order.done_by !== "self_use" && now - told_at > profile.refresh_s * 1000;
}

function add_setting(role, told) {
    const { entity, tolerance, unit } = profile.settings[role];
    if (!entity) return; // an optional setting this house does not use
    const row = states[entity];
    const domain = entity.split(".")[0].replace(/^input_/, "");
    const wish = domain === "number" ? fitted(value(told, row?.unit ?? unit), profile.settings[role], row) : told;
    const near = tolerance ?? Math.max(row?.step || 0, 0.01 * Math.abs(wish)) * 1.01;
    const holds = row && (domain === "number" ? Math.abs(Number(row.state) - wish) <= near : row.state === wish);
    msg.wanted.push({ entity, domain, value: wish, near });
    if (!holds || insists(entity)) msg.writes.push(call(entity, domain, wish));
}

// What was refused may have landed all the same, and what is set may be for show only: it is written although it reads as it should.
function insists(entity) {
    return (msg.retreated && (msg.touched || []).includes(entity)) || (msg.retold && !profile.press);
}

function call(entity, domain, wish) {
    const prefix = entity.split(".")[0];
    if (domain === "number") return { action: `${prefix}.set_value`, entity, data: { value: wish } };
    if (domain === "switch") return { action: `${prefix}.turn_${wish}`, entity };
    return { action: `${prefix}.select_option`, entity, data: { option: wish } };
}

function value(told, unit) {
    const power_kw = Math.min(order.power_kw ?? max_power_kw, max_power_kw);
    const home_kw = recent.load_kw - recent.solar_kw;
    const kw = { $power: power_kw, "-$power": -power_kw, $max_power: max_power_kw, $grid_to_charge: home_kw + power_kw, $grid_to_discharge: home_kw - power_kw }[told];
    if (kw !== undefined) return unit === "W" ? Math.round(kw * 1000) : unit === "%" ? (100 * kw) / max_power_kw : kw;
    const words = {
        $power_w: Math.round(power_kw * 1000), $power_w_text: String(Math.round(power_kw * 1000)),
        $current: Math.min(order.current_a || max_current_a, max_current_a), $max_current: max_current_a,
        $target_soc: order.target_soc_pct ?? (order.done_by === "force_discharge" ? reserve_pct : 100), $reserve_soc: reserve_pct, $limit_soc: limit_pct,
        $minutes: minutes,
        $device_id: device_id,
    };
    return told in words ? words[told] : told;
}

// What entity, model and house all bear; these two count in the setting's own unit.
function fitted(number, { unit, least = -Infinity, most = Infinity, step = 0.001 }, row) {
    const scale = unit === "kW" && row?.unit === "W" ? 1000 : unit === "W" && row?.unit === "kW" ? 0.001 : 1;
    const by = row?.step || step * scale;
    const near = Math.round(number / by) * by;
    return Number(Math.min(row?.max ?? Infinity, most * scale, Math.max(row?.min ?? -Infinity, least * scale, near)).toFixed(3));
}

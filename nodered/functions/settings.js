// in: msg.profiles (put there by the build) and the environment
// out: msg.settings, the whole configuration with its defaults; what was set wrongly is in msg.settings.complaints
const complaints = [];
const site = text("BATTERY_SITE", "home");
const serial = text("BATTERY_SERIAL", site);
const profile = chosen(text("BATTERY_PROFILE", "fox_ess"));

msg.settings = {
    site,
    url: text("BATTERY_OPTIMIZER_URL", "http://192.168.1.2:8000").replace(/\/+$/, ""),
    token: text("BATTERY_OPTIMIZER_TOKEN", ""),
    timeout_s: number("BATTERY_TIMEOUT_SECONDS", 20, 1),
    rhythms: {
        control: { every_s: 60 * number("BATTERY_TICK_MINUTES", 5, 0.01), offset_s: 3, jitter_s: 0 },
        prices: { every_s: 60 * number("BATTERY_PRICES_MINUTES", 30, 0.1), offset_s: 20, jitter_s: number("BATTERY_PRICES_JITTER_SECONDS", 120) },
        dashboard: { every_s: number("BATTERY_DASHBOARD_SECONDS", 30, 1), offset_s: 0, jitter_s: 0 },
        flow: { every_s: number("BATTERY_FLOW_SECONDS", 10, 1), offset_s: 0, jitter_s: 0 },
        watchdog: { every_s: number("BATTERY_WATCHDOG_SECONDS", 20, 1), offset_s: 0, jitter_s: 0 },
    },
    lease_s: 60 * number("BATTERY_LEASE_MINUTES", 35, 0.01),
    settle_s: number("BATTERY_SETTLE_SECONDS", 15),
    ramp_s: number("BATTERY_RAMP_SECONDS", 90),
    tries: number("BATTERY_TRIES", 3, 1),
    write_budget: number("BATTERY_WRITE_BUDGET", 60),
    hand_s: 60 * number("BATTERY_HAND_MINUTES", 60),
    revert_s: number("BATTERY_REVERT_SECONDS", 120),
    max_power_kw: number("BATTERY_MAX_POWER_KW", 10, 0.1),
    max_current_a: number("BATTERY_MAX_CURRENT_A", 100, 1),
    reserve_pct: number("BATTERY_RESERVE_PCT", 10),
    limit_pct: number("BATTERY_LIMIT_PCT", 100),
    dry_run: flag("BATTERY_DRY_RUN", false),
    notify: flag("BATTERY_NOTIFY", true),
    store: text("BATTERY_CONTEXT_STORE", "file"),
    device_id: text("BATTERY_HA_DEVICE_ID", ""),
    devices: { soc_pct: `bat_${serial}`, battery_kw: `bat_${serial}`, battery_voltage_v: `bat_${serial}`, solar_kw: `sol_${serial}`, load_kw: `met_${serial}`, grid_kw: `met_${serial}` },
    profile,
    complaints,
};
return msg;

function text(name, otherwise) {
    const value = env.get(name);
    return value === undefined || value === null || value === "" ? otherwise : String(value);
}

function number(name, otherwise, least = 0) {
    const value = Number(text(name, otherwise));
    if (Number.isFinite(value) && value >= least) return value;
    complaints.push(`${name}: ${text(name)} is not a number from ${least} on; ${otherwise} is used`);
    return otherwise;
}

function flag(name, otherwise) {
    const value = text(name, String(otherwise)).toLowerCase();
    if (["1", "true", "yes", "on"].includes(value)) return true;
    if (["0", "false", "no", "off"].includes(value)) return false;
    complaints.push(`${name}: ${value} is neither true nor false; ${otherwise} is used`);
    return otherwise;
}

// A profile by name, or a whole one as JSON; entities may be set one by one, and an empty one is not used.
function chosen(wanted) {
    let found = msg.profiles[wanted];
    if (wanted.trim().startsWith("{")) {
        try { found = JSON.parse(wanted); } catch (error) { complaints.push(`BATTERY_PROFILE: ${error.message}`); }
    }
    if (!found) {
        complaints.push(`BATTERY_PROFILE: there is no ${wanted}; there are ${Object.keys(msg.profiles).join(", ")}. Nothing is written.`);
        found = { profile: wanted, title: "unknown inverter", verified: "no", settings: {}, sensors: {}, modes: { self_use: [] }, lacks: {} };
    }
    const settings = {}, sensors = {};
    for (const [role, each] of Object.entries(found.settings)) {
        settings[role] = { ...each, entity: text(`BATTERY_ENTITY_${role.toUpperCase()}`, each.entity) };
    }
    for (const [quantity, each] of Object.entries(found.sensors)) {
        const own = text(`BATTERY_ENTITY_${quantity.toUpperCase()}`, null);
        const sensor = own === null ? { ...each } : { entity: own, sign: 1 };
        sensor.sign = number(`BATTERY_SIGN_${quantity.toUpperCase()}`, sensor.sign ?? 1, -1);
        sensors[quantity] = sensor;
    }
    return { ...found, settings, sensors };
}

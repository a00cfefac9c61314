// in: msg.got.executor, what the optimizer tells of this house   out: the same; what makes no sense of it is in msg.got.executor.nonsense
const SENSORS = ["soc_pct", "battery_kw", "solar_kw", "load_kw", "grid_kw", "battery_voltage_v"];
const MODES = ["self_use", "force_charge", "force_discharge", "feed_in_first", "hold"];
const WORDS = ["$power", "-$power", "$power_w", "$power_w_text", "$max_power", "$current", "$max_current", "$target_soc", "$reserve_soc", "$limit_soc", "$minutes", "$grid_to_charge", "$grid_to_discharge", "$device_id"];
const NUMBERS = {
    timeout_s: [1, 300], lease_s: [1, 86400], settle_s: [0, 600], ramp_s: [0, 3600], tries: [1, 20], write_budget: [0, 100000], hand_s: [0, 604800],
    revert_s: [0, 3600], max_power_kw: [0, 10000], max_current_a: [0, 10000], reserve_pct: [0, 100], limit_pct: [0, 100],
};
const RHYTHMS = ["control", "prices", "dashboard", "flow", "watchdog"];
const MOST_TEXT = 100e3;
const { executor } = msg.got;
if (executor?.ok && executor.status !== 304) executor.nonsense = wrong(executor.body);
return msg;

function wrong(told) {
    if (!is_map(told)) return "it is no object";
    if (JSON.stringify(told).length > MOST_TEXT) return `it is longer than ${MOST_TEXT / 1000} kB`;
    if (!is_text(told.version) || !told.version) return "it has no version";
    if (told.site !== msg.asked_site) return `it is about ${JSON.stringify(told.site)}, not about ${msg.asked_site}`;
    const flag = ["executes", "enabled", "dry_run", "notify"].find((name) => typeof told[name] !== "boolean");
    if (flag) return `${flag} is neither true nor false`;
    const number = Object.keys(NUMBERS).find((name) => !within(told[name], ...NUMBERS[name]));
    if (number) return `${number} is ${JSON.stringify(told[number])}, not from ${NUMBERS[number].join(" to ")}`;
    for (const name of RHYTHMS) {
        const { every_s, offset_s, jitter_s } = told.rhythms?.[name] || {};
        if (!within(every_s, 0.5, 1e8) || !within(offset_s, 0, 86400) || !within(jitter_s, 0, 86400)) return `the rhythm of ${name} is incomplete`;
    }
    if (!is_text(told.device_id)) return "device_id is no text";
    const span = Object.keys(told.plausible ?? {}).find((quantity) => !SENSORS.includes(quantity) || !is_span(told.plausible[quantity]));
    if (span) return `what ${span} can be is not described`;
    return told.profile === null ? null : wrong_profile(told.profile, told.devices); // null: not reached through Home Assistant
}

function wrong_profile(profile, devices) {
    if (!is_map(profile) || ![profile.profile, profile.title, profile.tells ?? ""].every(is_text)) return "it names no inverter";
    const { settings, sensors, modes, lacks, press } = profile;
    if (![settings, sensors, modes, lacks ?? {}].every(is_map) || !Array.isArray(press ?? [])) return "its inverter is incomplete";
    const setting = Object.keys(settings).find((role) => !is_entity(settings[role]?.entity) || !within(settings[role].tolerance ?? 0, 0, 1e6) || !within(settings[role].step ?? 1, 1e-6, 1e6) || !is_span(settings[role]));
    if (setting) return `the setting ${setting} is not described`;
    const sensor = Object.keys(sensors).find((quantity) => !SENSORS.includes(quantity) || !is_sensor(sensors[quantity]) || !is_text(devices?.[quantity]));
    if (sensor) return `the sensor ${sensor} is not described`;
    if (!Array.isArray(modes.self_use)) return "it does not say how to return to self-use";
    const mode = Object.keys(modes).find((name) => !MODES.includes(name) || !Array.isArray(modes[name]) || modes[name].length > 20 || !modes[name].every((step) => is_step(step, settings)));
    if (mode) return `the mode ${mode} is not described`;
    if (!(press ?? []).every((role) => settings[role]?.entity)) return "it presses what is not there";
    const span = ["refresh_s", "most_minutes"].find((name) => !within(profile[name] ?? 1, 1, 86400));
    return span ? `${span} is ${JSON.stringify(profile[span])}` : null;
}

function is_step(step, settings) {
    if (Array.isArray(step)) return step.length === 2 && Boolean(settings[step[0]]) && is_value(step[1]);
    return is_map(step) && is_entity(step.action) && is_map(step.data ?? {}) && Object.values(step.data ?? {}).every((told) => typeof told === "boolean" || is_value(told));
}

function is_value(told) {
    return Number.isFinite(told) || (is_text(told) && (!/^-?\$/.test(told) || WORDS.includes(told)));
}

function is_span({ least = -1e6, most = 1e6 }) {
    return within(least, -1e9, 1e9) && within(most, least, 1e9);
}

function is_sensor(sensor) {
    return is_entity(sensor?.entity ?? null) && [1, -1].includes(sensor.sign ?? 1) && is_entity(sensor.minus ?? "");
}

function is_entity(id) {
    return id === "" || (is_text(id) && /^[a-z_]+\.[a-z0-9_]+$/.test(id)); // an empty one is not used
}

function is_text(value) {
    return typeof value === "string" && value.length <= 200;
}

function is_map(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function within(value, low, high) {
    return typeof value === "number" && value >= low && value <= high;
}

// in: what learn.js has kept of this house, and the environment   out: msg.settings; what is no longer read is in msg.settings.complaints
const store = "file";
const learnt = global.get("battery_executor", store) || {};
const told = learnt.before || learnt.document;
const rhythm = (every_s, offset_s = 0, jitter_s = 0) => ({ every_s, offset_s, jitter_s });
const NOTHING = { // until the optimizer has told: look for it often, write nothing
    timeout_s: 20, lease_s: 2100, settle_s: 15, ramp_s: 90, tries: 1, write_budget: 0, hand_s: 3600, revert_s: 120, max_power_kw: 100, max_current_a: 100,
    reserve_pct: 0, limit_pct: 100, notify: true, device_id: "", devices: {}, plausible: {}, executes: true, enabled: true, dry_run: false,
    rhythms: { control: rhythm(30, 3), prices: rhythm(1800, 20, 120), dashboard: rhythm(30), flow: rhythm(10), watchdog: rhythm(20) },
};
const NOBODY = { profile: "none", title: "no inverter", verified: "no", settings: {}, sensors: {}, modes: { self_use: [] }, lacks: {} };
// variables of earlier versions; what they said is in the house's document now
const GONE = [
    ..."PROFILE SERIAL HA_DEVICE_ID NOTIFY WRITE_BUDGET TRIES HAND_MINUTES REVERT_SECONDS SETTLE_SECONDS RAMP_SECONDS LEASE_MINUTES MAX_POWER_KW MAX_CURRENT_A".split(" "),
    ..."RESERVE_PCT LIMIT_PCT TICK_MINUTES PRICES_MINUTES PRICES_JITTER_SECONDS WATCHDOG_SECONDS DASHBOARD_SECONDS FLOW_SECONDS TIMEOUT_SECONDS CONTEXT_STORE".split(" "),
    ...("CAPACITY CHARGE CHARGE_LIMIT CHARGE_POWER CHARGE_SCHEDULE CHARGE_TARGET DISCHARGE_CURRENT DISCHARGE_LIMIT DISCHARGE_POWER EXPORT GRID_CHARGING MAX_SOC MODE PAUSE " +
        "POWER REMOTE RESERVE SETPOINT TRIGGER UPDATE BATTERY_KW BATTERY_VOLTAGE_V GRID_KW LOAD_KW SOC_PCT SOLAR_KW").split(" ").map((name) => `ENTITY_${name}`),
    ..."BATTERY_KW BATTERY_VOLTAGE_V GRID_KW LOAD_KW SOC_PCT SOLAR_KW".split(" ").map((name) => `SIGN_${name}`),
].map((name) => `BATTERY_${name}`);

const set = (name) => String(env.get(name) ?? "");
const still = GONE.filter(set);
const complaints = still.length ? [`no longer read, now in the house's document: ${still.join(", ")}`] : [];
const dry_run_fixed = ["1", "true", "yes", "on"].includes(set("BATTERY_DRY_RUN").toLowerCase()); // a switch for safety is not dropped by an upgrade
if (dry_run_fixed) complaints.push("BATTERY_DRY_RUN still holds: nothing is written until it is removed; the dry run is switched on this page now");

const house = { ...NOTHING, ...told };
msg.settings = {
    ...house, profile: house.profile || NOBODY, known: Boolean(told), reachable: Boolean(told?.profile), store, complaints, dry_run: house.dry_run || dry_run_fixed, dry_run_fixed,
    site: told?.site ?? (set("BATTERY_SITE") || learnt.site || null),
    url: (set("BATTERY_OPTIMIZER_URL") || "http://192.168.1.2:8000").replace(/\/+$/, ""),
    token: set("BATTERY_OPTIMIZER_TOKEN"),
    hands_off: !house.enabled ? "control is switched off in the house's document" : !house.executes ? "the house's document names another executor"
        : told && !told.profile ? "the house's document says no way to its inverter through Home Assistant" : null,
    letting_go: learnt.before ? `the house's document reaches its inverter in another way now: ${learnt.before.profile.title} goes to self-use first` : null,
};
return msg;

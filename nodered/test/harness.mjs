// Runs the body of a function node as Node-RED does: by name, with its message, environment, contexts and a clock that stands still.
import { readFileSync, readdirSync } from "node:fs";

const FOLDER = new URL("../", import.meta.url);
export const PROFILES = JSON.parse(readFileSync(new URL("profiles.json", FOLDER)));
export const FUNCTIONS = readdirSync(new URL("functions/", FOLDER)).map((file) => file.replace(".js", ""));
export const NOON = Date.parse("2026-01-15T12:00:04Z");

// What a house of 15 kW fuse, 10 kW of battery and 4 kW of roof can show.
const PLAUSIBLE = {
    soc_pct: { least: 0, most: 100 }, solar_kw: { least: -0.2, most: 5.5 }, load_kw: { least: -0.2, most: 36.8 }, grid_kw: { least: -19.3, most: 19.3 },
    battery_kw: { least: -13, most: 13 }, battery_voltage_v: { least: 10, most: 1500 },
};

// What GET /api/v1/sites/home/executor tells of a Fox, or of another inverter by its name; entities are set one by one, and null switches a role off.
export function executor({ inverter = "fox_ess", entities = {}, signs = {}, ...over } = {}) {
    const given = structuredClone(PROFILES[inverter]);
    const used = (all) => Object.fromEntries(Object.entries(all).map(([name, each]) => [name, { ...each, entity: entities[name] === undefined ? each.entity : entities[name] }]).filter(([, each]) => each.entity));
    const [settings, sensors] = [used(given.settings), used(given.sensors)];
    for (const [quantity, sign] of Object.entries(signs)) sensors[quantity].sign = sign;
    const modes = Object.fromEntries(Object.entries(given.modes).map(([mode, steps]) => [mode, steps.filter((step) => !Array.isArray(step) || settings[step[0]])]));
    const rhythm = (every_s, offset_s = 0, jitter_s = 0) => ({ every_s, offset_s, jitter_s });
    return {
        version: "1", site: "home", title: "", currency: "GBP", time_zone: "Europe/London", executes: true, enabled: true, dry_run: false,
        rhythms: { control: rhythm(300, 3), prices: rhythm(1800, 20, 120), dashboard: rhythm(30), flow: rhythm(10), watchdog: rhythm(20) },
        timeout_s: 20, lease_s: 2100, settle_s: 15, ramp_s: 90, tries: 3, write_budget: 60, hand_s: 3600, revert_s: 120,
        max_power_kw: 10, max_current_a: 100, plausible: PLAUSIBLE, reserve_pct: 10, limit_pct: 100, notify: true, device_id: "",
        devices: { soc_pct: "bat_home", battery_kw: "bat_home", battery_voltage_v: "bat_home", solar_kw: "sol_home", load_kw: "met_home", grid_kw: "met_home" },
        profile: { ...given, settings, sensors, modes }, ...over,
    };
}

// A house of which the flow knows what it was told, or nothing.
export function house(told = {}) {
    const kept = { flow: {}, global: told ? { battery_executor: { site: "home", document: executor(told), etag: '"1"', at: NOON } } : {} };
    const context = (values) => ({ get: (name) => structuredClone(values[name]), set: (name, value) => { values[name] = structuredClone(value); } });
    const me = { now: NOON, env: {}, errors: [], warnings: [], statuses: [], ...kept, state: () => kept.global.battery || {}, remember: (state) => { kept.global.battery = state; } };
    const node = { error: (text) => me.errors.push(text), warn: (text) => me.warnings.push(text), status: (shown) => me.statuses.push(shown) };
    me.run = (name, msg) => {
        class Clock extends Date {
            constructor(...given) { super(...(given.length ? given : [me.now])); }
            static now() { return me.now; }
        }
        const body = readFileSync(new URL(`functions/${name}.js`, FOLDER), "utf8");
        const run = new Function("msg", "node", "flow", "global", "env", "Date", body);
        return run(msg, node, context(kept.flow), context(kept.global), { get: (key) => me.env[key] }, Clock);
    };
    me.settings = (extra = {}) => ({ ...me.run("settings", {}).settings, ...extra });
    me.restart = () => { me.flow = kept.flow = {}; }; // of Node-RED: only the file context is left
    me.learnt = () => kept.global.battery_executor || {};
    return me;
}

// The whole of subflow "what is known of the house", against an optimizer that answers a request with {statusCode, headers, body}, or does not.
export function learn(me, optimizer) {
    const asked = [];
    let msg = { settings: me.settings() };
    for (let round = 0; round < 3; round++) {
        let [request, answered] = me.run("ask_next", me.run("executor_asks", msg));
        while (request) {
            asked.push({ path: new URL(request.url).pathname + new URL(request.url).search, etag: request.headers["if-none-match"] });
            const { body, ...reply } = optimizer(asked.at(-1)) || { error: { message: "ECONNREFUSED" } };
            [request, answered] = me.run("ask_next", me.run("answer", { ...request, payload: body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body), ...reply }));
        }
        const [known, found, unknown] = me.run("learn", me.run("executor_sense", answered));
        if (!found) return { asked, msg: known && me.run("settings", known), unknown };
        msg = found;
    }
    throw new Error("it asks for ever");
}

// A whole tick of the control tab: learn, look, ask, check, carry out, finish.
export function tick(me, optimizer, inverter, told = recommendation()) {
    const { asked, msg, unknown } = learn(me, optimizer);
    if (unknown) return { asked, calls: [], msg: unknown, shown: me.run("finish", unknown) };
    Object.assign(msg, looked(me, msg.settings, inverter));
    msg.got = { recommendation: told ? { ok: true, body: told } : { failure: "the optimizer does not answer (ECONNREFUSED)" } };
    const [go, rest] = me.run("check", msg);
    const carried = go ? carryOut(me, go, inverter) : { msg: rest, calls: [] };
    return { ...carried, asked, shown: me.run("finish", carried.msg) };
}

// What subflow "look at the house" makes of an inverter; nothing where Home Assistant does not answer.
export function looked(me, settings, inverter) {
    const house = inverter.look(me.now);
    return house && { house: me.run("believe", { settings, house }).house };
}

// A house and its inverter, and the way of one order through both.
export function ready({ states, measured, told, state } = {}) {
    const me = house(told);
    me.remember({ lease_until: NOON + 35 * 60e3, ...state });
    const inverter = new Inverter(states, measured);
    const settings = me.settings();
    const carry = (over) => carryOut(me, { settings, order: order(over), ...looked(me, settings, inverter) }, inverter);
    return { me, inverter, settings, carry };
}
export const statuses = (msg) => msg.outcomes.map((each) => each.status);

// The whole of subflow "carry out": what would be written, against an inverter that may not obey.
export function carryOut(me, msg, inverter) {
    const calls = [];
    let [go, left] = me.run("respect", msg);
    if (left) return { msg: left, calls, left: true };
    for (let round = 0; round < 20; round++) {
        const [write, nothing, dry, instead] = me.run("permit", me.run("to_writes", go));
        if (dry) return { msg: dry, calls, dry: true };
        if (instead) { go = instead; continue; }
        if (write) {
            let [call, done] = me.run("next_write", write);
            while (call) {
                calls.push(structuredClone(call.payload));
                const refused = inverter.take(call.payload, me.now);
                if (refused) call.error = { message: refused };
                [call, done] = me.run("next_write", call);
            }
            const seen = looked(me, done.settings, inverter);
            if (seen) Object.assign(done, seen);
            else done.failure = { code: "home_assistant", text: "Home Assistant does not answer" };
        }
        const [done, again, retreat] = me.run("verify", me.run("runs", write || nothing));
        if (done) return { msg: done, calls };
        go = again || retreat;
    }
    throw new Error("it never came to an end");
}

export class Inverter {
    constructor(states = {}, measured = {}) {
        this.states = {
            "select.work_mode": { state: "Self Use", options: ["Self Use", "Force Charge", "Force Discharge", "Feed-in First", "Back-up"] },
            "number.force_charge_power": { state: "3", unit: "kW", min: 0, max: 6, step: 0.001 },
            "number.force_discharge_power": { state: "3", unit: "kW", min: 0, max: 6, step: 0.001 },
            ...states,
        };
        this.measured = { soc_pct: 50, battery_kw: 0, solar_kw: 0, load_kw: 0.5, grid_kw: 0.5, ...measured };
        for (const [id, row] of Object.entries(this.states)) Object.assign(row, { id, changed: 0 });
        this.obeys = true;
        this.refuses = null;
    }

    take({ action, target, data }, now) {
        if (this.refuses) return this.refuses;
        const row = this.states[target?.entity_id[0]];
        if (!row || !this.obeys || row.state === "unavailable") return null; // Home Assistant says "done" all the same
        row.state = String(action.endsWith("turn_on") ? "on" : action.endsWith("turn_off") ? "off" : data.option ?? data.value);
        row.changed = now / 1000;
        return null;
    }

    set(id, state, now) { Object.assign(this.states[id], { state, changed: now / 1000 }); }
    look(now) { return this.gone ? null : structuredClone({ at: now, states: this.states, measured: this.measured }); }
}

export const recommendation = (over = {}) => ({
    mode: "Force Charge", mode_code: "force_charge", discharge_current: 0, power_kw: 2.5, target_soc_pct: 90, reason: "cheap", plan_source: "optimizer",
    slot_start: "2026-01-15T12:00:00Z", slot_end: "2026-01-15T12:30:00Z", valid_until: "2026-01-15T12:35:00Z", decision_id: "d1", dry_run: false,
    price: { import_per_kwh: 0.1, export_per_kwh: 0.05, currency: "GBP", class: "cheap", provenance: "published" }, stored_kwh_value: 0.15, ...over,
});
export const order = (over = {}) => ({ mode_code: "force_charge", power_kw: 2.5, target_soc_pct: 90, current_a: 0, decision_id: "d1", source: "optimizer", cause: null, ...over });

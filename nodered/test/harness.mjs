// Runs the body of a function node as Node-RED does: by name, with its message, environment, contexts and a clock that stands still.
import { readFileSync, readdirSync } from "node:fs";

const FOLDER = new URL("../", import.meta.url);
export const PROFILES = JSON.parse(readFileSync(new URL("profiles.json", FOLDER)));
export const FUNCTIONS = readdirSync(new URL("functions/", FOLDER)).map((file) => file.replace(".js", ""));
export const NOON = Date.parse("2026-01-15T12:00:04Z");

export function house() {
    const kept = { flow: {}, global: {} };
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
    me.settings = (extra = {}) => ({ ...me.run("settings", { profiles: structuredClone(PROFILES) }).settings, ...extra });
    return me;
}

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
            const seen = inverter.look(me.now);
            if (seen) done.house = seen;
            else done.failure = { code: "home_assistant", text: "Home Assistant does not answer" };
        }
        const [done, again, retreat] = me.run("verify", write || nothing);
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

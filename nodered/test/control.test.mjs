// The way of one order: respected, turned into writes, permitted, written, read back, reported.
import { test } from "node:test";
import assert from "node:assert/strict";
import { house, carryOut, Inverter, order, PROFILES, NOON } from "./harness.mjs";

const MODE = "select.work_mode";
const SIGMA = 121e3; // beyond the time in which a change counts as the inverter's own

function ready({ states, measured, env, state } = {}) {
    const me = house();
    Object.assign(me.env, env);
    me.remember({ lease_until: NOON + 35 * 60e3, ...state });
    const inverter = new Inverter(states, measured);
    const settings = me.settings();
    const carry = (over) => carryOut(me, { settings, order: order(over), house: inverter.look(me.now) }, inverter);
    return { me, inverter, settings, carry };
}
const statuses = (msg) => msg.outcomes.map((each) => each.status);

test("power is written before the mode, and both are read back", () => {
    const { carry, inverter, me } = ready();
    const { calls, msg } = carry();
    assert.deepEqual(calls.map((each) => [each.action, each.target.entity_id[0], Object.values(each.data)[0]]), [
        ["number.set_value", "number.force_charge_power", 2.5],
        ["select.select_option", MODE, "Force Charge"],
    ]);
    assert.equal(inverter.states[MODE].state, "Force Charge");
    assert.deepEqual(statuses(msg), ["commanded", "confirmed"]);
    assert.equal(me.state().writes.count, 2);
});

test("nothing is written when it is so already, and it is still confirmed", () => {
    const { calls, msg } = ready().carry({ mode_code: "self_use", power_kw: null, target_soc_pct: null });
    assert.deepEqual([calls, statuses(msg)], [[], ["confirmed"]]);
});

test("the same order twice is written once", () => {
    const { carry } = ready();
    assert.equal(carry().calls.length, 2);
    assert.equal(carry({ decision_id: "d2" }).calls.length, 0);
});

for (const [unit, value, row] of [["W", 2500, { max: 6000, step: 1 }], ["kW", 2.5, { max: 6, step: 0.001 }], ["%", 25, { max: 100, step: 1 }], ["kW", 2, { max: 2, step: 0.1 }], ["kW", 2.4, { max: 6, step: 0.8 }]]) {
    test(`2.5 kW is ${value} ${unit} up to ${row.max} in steps of ${row.step}`, () => {
        const { calls } = ready({ states: { "number.force_charge_power": { state: "0", unit, min: 0, ...row } } }).carry();
        assert.equal(calls[0].data.value, value);
    });
}

test("without a power the most is used", () => {
    const { calls } = ready({ env: { BATTERY_MAX_POWER_KW: "4" } }).carry({ power_kw: null });
    assert.equal(calls[0].data.value, 4);
});

test("an optional current is written only where it has an entity", () => {
    const states = { "number.amps": { state: "100", unit: "A", min: 0, max: 150, step: 0.1 } };
    const env = { BATTERY_ENTITY_DISCHARGE_CURRENT: "number.amps" };
    const { calls } = ready({ states, env }).carry({ mode_code: "force_discharge", current_a: 48.8 });
    assert.deepEqual(calls.find((each) => each.target.entity_id[0] === "number.amps").data, { value: 48.8 });
    assert.ok(!JSON.stringify(ready().carry({ mode_code: "force_discharge", current_a: 48.8 }).calls).includes("amps"));
});

test("an inverter that ignores is asked three times, reported failed, and told self-use", () => {
    const { carry, inverter, me } = ready({ states: { [MODE]: { state: "Force Discharge" } } });
    inverter.obeys = false;
    const { calls, msg } = carry();
    assert.equal(calls.filter((each) => each.data.option === "Force Charge").length, 3);
    assert.ok(calls.filter((each) => each.data.option === "Self Use").length >= 1);
    assert.ok(statuses(msg).includes("failed"));
    assert.match(msg.failure.text, /did not obey: select.work_mode is Force Discharge, not/);
    assert.equal(me.state().held, null);
});

test("while it keeps failing it is asked once per tick", () => {
    const { carry, inverter, me } = ready();
    inverter.obeys = false;
    carry();
    me.now += 300e3;
    assert.equal(carry().calls.filter((each) => each.data.option === "Force Charge").length, 1);
});

test("an offline inverter is reported, not believed, and nothing is sent to it", () => {
    const { calls, msg } = ready({ states: { [MODE]: { state: "unavailable" } } }).carry();
    assert.deepEqual(calls, []);
    assert.ok(statuses(msg).includes("failed"));
    assert.match(msg.failure.text, /unavailable/);
});

test("an entity that does not exist is a failure with its name", () => {
    const { msg } = ready({ env: { BATTERY_ENTITY_MODE: "select.nowhere" } }).carry();
    assert.match(msg.failure.text, /select.nowhere is not there/);
});

test("a refused power keeps the mode from being switched on with the old one", () => {
    const { carry, inverter } = ready();
    inverter.refuses = "value out of range";
    const { calls, msg } = carry();
    assert.ok(!calls.some((each) => each.data.option === "Force Charge"));
    assert.match(msg.outcomes.map((each) => each.detail).join(), /refused: value out of range/);
});

test("Home Assistant gone between write and read-back: failed, never confirmed", () => {
    const { carry, inverter } = ready();
    inverter.take = () => { inverter.gone = true; return null; };
    const { msg } = carry();
    assert.ok(!statuses(msg).includes("confirmed"));
    assert.ok(statuses(msg).includes("failed"));
});

test("a person's change is left alone for an hour, then the plan goes on", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "Feed-in First", me.now);
    const found = carry({ decision_id: "d2" });
    assert.equal(found.left, true);
    assert.deepEqual(statuses(found.msg), ["overridden"]);
    assert.match(found.msg.outcomes[0].detail, /from Force Charge to Feed-in First; left alone until 2026-01-15T13:02Z/);
    me.now += 30 * 60e3;
    assert.equal(carry().left, true);
    me.now += 31 * 60e3;
    assert.equal(carry().calls.at(-1).data.option, "Force Charge");
});

test("a change soon after our own write is the inverter's: reported failed, and written again", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += 30e3;
    inverter.set(MODE, "Self Use", me.now);
    const { calls, msg, left } = carry({ decision_id: "d2" });
    assert.equal(left, undefined);
    assert.deepEqual(calls.map((each) => each.data.option), ["Force Charge"]);
    assert.match(msg.outcomes[0].detail, /from Force Charge to Self Use by itself/);
    assert.equal(msg.outcomes[0].decision_id, "d1");
});

test("an override from the dashboard counts more than an earlier change by hand", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "Feed-in First", me.now);
    carry();
    assert.equal(carry({ source: "override", wish: "asked for it until 13:00 UTC", mode_code: "hold", power_kw: null }).calls[0].data.option, "Back-up");
});

test("a change by hand during an override is the newer wish; the next override is newer still", () => {
    const { carry, inverter, me } = ready();
    const forced = { source: "override", wish: "asked for it until 20:00 UTC" };
    carry(forced);
    me.now += 3600e3;
    inverter.set(MODE, "Self Use", me.now);
    const found = carry({ ...forced, decision_id: "d2" });
    assert.deepEqual([found.left, statuses(found.msg), inverter.states[MODE].state], [true, ["overridden"], "Self Use"]);
    assert.equal(carry({ ...forced, decision_id: "d3" }).left, true);
    const { left } = carry({ ...forced, wish: "asked for it until 21:00 UTC", decision_id: "d4" });
    assert.deepEqual([left, inverter.states[MODE].state], [undefined, "Force Charge"]);
});

test("after the flow's own start what the inverter did meanwhile is not taken for a person's change", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "Self Use", me.now); // the host rebooted: the remote control ended by itself
    me.flow = {};
    me.run("connection", { settings: me.settings(), payload: "states_loaded" });
    const { left, calls } = carry({ decision_id: "d2" });
    assert.deepEqual([left, calls.at(-1).data.option], [undefined, "Force Charge"]);
});

test("a short absence of Home Assistant does not end what a person chose", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "Back-up", me.now);
    assert.equal(carry({ decision_id: "d2" }).left, true);
    me.remember({ ...me.state(), restarted: "Home Assistant was away for 30 s" });
    const found = carry({ decision_id: "d3" });
    assert.deepEqual([found.left, found.calls, inverter.states[MODE].state], [true, [], "Back-up"]);
});

test("an inverter that is merely unavailable was not changed by hand", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "unavailable", me.now);
    assert.equal(carry().left, undefined);
});

test("after a restart of Home Assistant: self-use first, and another tick at once", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.remember({ ...me.state(), restarted: "Home Assistant was away for 30 s" });
    const { calls, msg } = carry({ decision_id: "d2" });
    assert.equal(calls.at(-1).data.option, "Self Use");
    assert.equal(msg.order.cause.code, "restarted");
    assert.equal(me.state().again, true);
    assert.equal(inverter.states[MODE].state, "Self Use");
    assert.equal(carry({ decision_id: "d2" }).calls.at(-1).data.option, "Force Charge");
});

test("after a restart the plan waits until self-use is confirmed", () => {
    const { carry, inverter, me } = ready({ state: { restarted: "Home Assistant was away for 30 s" } });
    inverter.set(MODE, "unavailable", 0);
    const { msg } = carry();
    assert.match(msg.failure.text, /unavailable/);
    assert.ok(!me.state().again);
    inverter.set(MODE, "Force Discharge", 0);
    assert.equal(carry().calls.at(-1).data.option, "Self Use");
    assert.equal(carry().calls.at(-1).data.option, "Force Charge");
});

test("after a restart the watchdog may be first, and the tick still tells the optimizer of the absence", () => {
    const { carry } = ready({ state: { restarted: "Home Assistant was away for 60 s" }, states: { [MODE]: { state: "Force Charge" } } });
    assert.equal(carry({ mode_code: "self_use", decision_id: null, source: "safety", cause: { code: "lease", text: "run out" } }).calls.at(-1).data.option, "Self Use");
    assert.match(carry().msg.outcomes.at(-1).detail, /away for 60 s/);
    assert.equal(carry().calls.at(-1).data.option, "Force Charge");
});

test("after a restart a dry run goes on with the plan, and writes nothing", () => {
    const { carry } = ready({ env: { BATTERY_DRY_RUN: "yes" }, state: { restarted: "Home Assistant was away for 30 s" } });
    const { calls, msg } = carry();
    assert.deepEqual([calls, msg.order.mode_code], [[], "force_charge"]);
});

test("of a tick and the watchdog that meet, the older stops writing, and only the newer tells of it", () => {
    const { carry, inverter, me } = ready({ states: { [MODE]: { state: "Force Discharge" } } });
    inverter.take = () => { me.remember({ ...me.state(), run: me.state().run + 1 }); return null; };
    const { calls, msg } = carry();
    assert.equal(calls.length, 1);
    assert.deepEqual(statuses(msg), ["commanded"]);
});

test("a dry run writes nothing and says what it would write", () => {
    const { calls, dry, msg } = ready({ env: { BATTERY_DRY_RUN: "yes" } }).carry();
    assert.deepEqual([calls, dry], [[], true]);
    assert.deepEqual(msg.would_write, ['number.set_value number.force_charge_power {"value":2.5}', 'select.select_option select.work_mode {"option":"Force Charge"}']);
    assert.deepEqual(statuses(msg), ["overridden"]);
});

test("a dry run switched on after a failed tick still brings our mode back once the inverter is there again", () => {
    const { carry, inverter, me } = ready();
    carry();
    inverter.set(MODE, "unavailable", me.now);
    carry({ decision_id: "d2" });
    inverter.set(MODE, "Force Charge", me.now);
    me.remember({ ...me.state(), dry_run: true });
    carry({ decision_id: "d3" });
    assert.equal(inverter.states[MODE].state, "Self Use");
    assert.equal(carry({ decision_id: "d4" }).dry, true);
});

test("what cannot be written does not keep the rest from going to self-use", () => {
    const number = (state) => ({ state, unit: "A", min: 0, max: 50, step: 1 });
    for (const state of ["unavailable", null]) {
        const states = state ? { "number.max_discharge_current": number(state) } : {};
        const { carry, inverter } = ready({ states, env: { BATTERY_ENTITY_DISCHARGE_CURRENT: "number.max_discharge_current", BATTERY_MAX_CURRENT_A: "50" } });
        carry();
        assert.equal(inverter.states[MODE].state, "Force Charge");
        const { msg, calls } = carry({ mode_code: "self_use", power_kw: null, source: "safety", cause: { code: "lease", text: "no fresh recommendation" } });
        assert.deepEqual([inverter.states[MODE].state, calls.length], ["Self Use", 1]);
        assert.match(msg.failure.text, /number.max_discharge_current is/);
    }
});

test("Growatt: a refused button is pressed again, not taken for pressed", () => {
    const states = {};
    for (const { entity, unit } of Object.values(PROFILES.growatt.settings)) states[entity] = { state: "none", unit, min: 0, max: 20000, step: 1 };
    const { carry, inverter } = ready({ states, env: { BATTERY_PROFILE: "growatt" } });
    const take = inverter.take;
    let pressed = 0, refused = 0;
    inverter.take = function (call, now) {
        if (call.action !== "button.press") return take.call(this, call, now);
        if (refused++ === 0) return "device busy";
        pressed++;
        return null;
    };
    const { msg } = carry({ mode_code: "self_use", power_kw: null });
    assert.deepEqual([pressed, msg.result.status], [1, "confirmed"]);
});

test("Victron: a set-point for the grid is not made of a load that nobody measured", () => {
    const states = {};
    for (const { entity, unit } of Object.values(PROFILES.victron.settings)) if (entity) states[entity] = { state: "none", unit, min: -20000, max: 20000, step: 1 };
    const { carry } = ready({ states, measured: { load_kw: null, solar_kw: 3 }, env: { BATTERY_PROFILE: "victron" } });
    const { msg } = carry();
    assert.equal(msg.order.done_by, "self_use");
    assert.match(msg.order.note, /load_kw not measured/);
    assert.equal(msg.result.status, "failed");
});

test("a dry run switched on later returns the inverter to self-use once, then keeps its hands off", () => {
    const { carry, me, inverter } = ready();
    carry();
    me.remember({ ...me.state(), dry_run: true });
    assert.deepEqual(carry({ decision_id: "d2" }).calls.map((each) => each.data.option), ["Self Use"]);
    inverter.set(MODE, "Self Use", 0);
    assert.equal(carry({ decision_id: "d3" }).dry, true);
});

test("the day's budget ends forced modes, never the way back to self-use", () => {
    const { carry, me } = ready({ env: { BATTERY_WRITE_BUDGET: "3" } });
    carry();
    const { calls, msg } = carry({ mode_code: "force_discharge", decision_id: "d2" });
    assert.deepEqual(calls.map((each) => each.data.option), ["Self Use"]);
    assert.equal(msg.order.cause.code, "budget");
    assert.deepEqual(statuses(msg), ["commanded", "failed"].slice(1));
    me.now += 24 * 3600e3;
    assert.equal(carry({ decision_id: "d3" }).calls.length, 1);
    assert.equal(me.state().writes.count, 1);
});

test("a battery that does not follow is found out after a while, whatever the setting says", () => {
    const { carry, inverter, me } = ready();
    carry();
    assert.deepEqual(statuses(carry({ decision_id: "d2" }).msg), ["confirmed"]);
    me.now += 100e3;
    const { msg } = carry({ decision_id: "d3" });
    assert.deepEqual(statuses(msg), ["failed"]);
    assert.match(msg.failure.text, /told to charge, but the battery charges 0.0 kW/);
    inverter.measured.battery_kw = 2.4;
    assert.deepEqual(statuses(carry({ decision_id: "d4" }).msg), ["confirmed"]);
});

for (const [why, measured] of [["full", { soc_pct: 95 }], ["without a measured power", { battery_kw: null }], ["without a measured charge", { soc_pct: null }]]) {
    test(`a battery ${why} proves nothing`, () => {
        const { carry, me } = ready({ measured });
        carry();
        me.now += 100e3;
        assert.deepEqual(statuses(carry({ decision_id: "d2" }).msg), ["confirmed"]);
    });
}

for (const [name, profile] of Object.entries(PROFILES)) {
    for (const mode_code of ["self_use", "force_charge", "force_discharge", "feed_in_first", "hold"]) {
        test(`${name} carries out ${mode_code}, or says that it cannot and goes to self-use`, () => {
            const states = {};
            for (const [role, { entity, unit }] of Object.entries(profile.settings)) if (entity) states[entity] = { state: "none", unit, min: -20000, max: 20000, step: 1 };
            const { carry } = ready({ states, env: { BATTERY_PROFILE: name, BATTERY_HA_DEVICE_ID: "device" } });
            const { calls, msg } = carry({ mode_code });
            const asked = profile.modes[mode_code] ? mode_code : "self_use";
            assert.equal(msg.order.done_by, asked);
            assert.equal(Boolean(msg.order.note), asked !== mode_code);
            assert.ok(calls.length > 0);
            assert.ok(!JSON.stringify(calls).includes("$"), JSON.stringify(calls));
            const told = asked === mode_code ? ["confirmed", "commanded"] : ["failed"];
            assert.ok(told.includes(msg.result.status), JSON.stringify(msg.outcomes));
            if (asked !== mode_code) assert.deepEqual([msg.outcomes.at(-1).detail, msg.failure.text], [msg.order.note, msg.order.note]);
        });
    }
}

test("SolaX: the trigger is pressed after every change, and again before the remote control ends", () => {
    const states = { "select.solax_remotecontrol_power_control": { state: "Disabled" }, "number.solax_remotecontrol_active_power": { state: "0", unit: "W", min: -6000, max: 6000, step: 1 } };
    const { carry, me } = ready({ states, env: { BATTERY_PROFILE: "solax" }, measured: { battery_kw: 2.5 } });
    assert.equal(carry().calls.at(-1).action, "button.press");
    assert.deepEqual(carry().calls, []);
    me.now += 26 * 60e3;
    assert.deepEqual(carry().calls.map((each) => each.action), ["button.press"]);
});

test("Solis: the action carries a duration of at most 30 minutes", () => {
    const { calls } = ready({ env: { BATTERY_PROFILE: "solis" } }).carry();
    assert.deepEqual(calls, [{ action: "solis_modbus.solis_force_battery_charge", data: { power_watts: 2500, duration_minutes: 30 } }]);
});

for (const profile of ["solis", "huawei"]) {
    test(`${profile}: what ends by itself is told again before, as long as the lease goes on, and ends with it`, () => {
        const { carry, me } = ready({ env: { BATTERY_PROFILE: profile, BATTERY_HA_DEVICE_ID: "batteries" }, measured: { battery_kw: 2.5 }, states: { "select.batteries_working_mode": { state: "maximise_self_consumption" } } });
        let ends = 0, told = 0;
        for (let minute = 20; minute < 150; minute += 5) { // a mode that begins late in a slot
            me.now = NOON + minute * 60e3 + 3e3;
            const slot_end = NOON + (Math.floor(minute / 30) + 1) * 1800e3;
            me.remember({ ...me.state(), lease_until: Math.min(slot_end + 300e3, me.now + 35 * 60e3) });
            assert.ok(!told || ends > me.now, `nothing is forced at minute ${minute}`);
            for (const { data } of carry().calls) {
                ends = me.now + 60e3 * (data.duration ?? data.duration_minutes);
                told += 1;
                assert.ok(ends <= me.state().lease_until + 60e3);
            }
        }
        assert.ok(told <= 14, `told ${told} times in two hours`);
    });
}

test("a tick that meets the watchdog just after its action tells the mode again, though nothing can be read back", () => {
    const { carry, inverter, me } = ready({ env: { BATTERY_PROFILE: "solis" }, measured: { battery_kw: 2.5 } });
    carry();
    let inner;
    inverter.take = () => { inverter.take = () => null; inner = carry(); return null; };
    carry({ mode_code: "self_use", decision_id: null, source: "safety", cause: { code: "lease", text: "run out" } });
    assert.equal(inner.calls.at(-1).action, "solis_modbus.solis_force_battery_charge");
});

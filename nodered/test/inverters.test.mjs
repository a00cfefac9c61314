// Every inverter's own words: all its modes, what it cannot, and what ends by itself.
import { test } from "node:test";
import assert from "node:assert/strict";
import { ready, PROFILES, NOON } from "./harness.mjs";

for (const [name, profile] of Object.entries(PROFILES)) {
    for (const mode_code of ["self_use", "force_charge", "force_discharge", "feed_in_first", "hold"]) {
        test(`${name} carries out ${mode_code}, or says that it cannot and goes to self-use`, () => {
            const states = {};
            for (const [role, { entity, unit }] of Object.entries(profile.settings)) if (entity) states[entity] = { state: "none", unit, min: -20000, max: 20000, step: 1 };
            const { carry } = ready({ states, told: { inverter: name, device_id: "device" } });
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
    const { carry, me } = ready({ states, told: { inverter: "solax" }, measured: { battery_kw: 2.5 } });
    assert.equal(carry().calls.at(-1).action, "button.press");
    assert.deepEqual(carry().calls, []);
    me.now += 26 * 60e3;
    assert.deepEqual(carry().calls.map((each) => each.action), ["button.press"]);
});

test("Solis: the action carries a duration of at most 30 minutes", () => {
    const { calls } = ready({ told: { inverter: "solis" } }).carry();
    assert.deepEqual(calls, [{ action: "solis_modbus.solis_force_battery_charge", data: { power_watts: 2500, duration_minutes: 30 } }]);
});

for (const profile of ["solis", "huawei"]) {
    test(`${profile}: what ends by itself is told again before, as long as the lease goes on, and ends with it`, () => {
        const { carry, me } = ready({ told: { inverter: profile, device_id: "batteries" }, measured: { battery_kw: 2.5 }, states: { "select.batteries_working_mode": { state: "maximise_self_consumption" } } });
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
    const { carry, inverter, me } = ready({ told: { inverter: "solis" }, measured: { battery_kw: 2.5 } });
    carry();
    let inner;
    inverter.take = () => { inverter.take = () => null; inner = carry(); return null; };
    carry({ mode_code: "self_use", decision_id: null, source: "safety", cause: { code: "lease", text: "run out" } });
    assert.equal(inner.calls.at(-1).action, "solis_modbus.solis_force_battery_charge");
});

test("Growatt: a refused button is pressed again, not taken for pressed", () => {
    const states = {};
    for (const { entity, unit } of Object.values(PROFILES.growatt.settings)) states[entity] = { state: "none", unit, min: 0, max: 20000, step: 1 };
    const { carry, inverter } = ready({ states, told: { inverter: "growatt" } });
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
    const { carry } = ready({ states, measured: { load_kw: null, solar_kw: 3 }, told: { inverter: "victron" } });
    const { msg } = carry();
    assert.equal(msg.order.done_by, "self_use");
    assert.match(msg.order.note, /load_kw not measured/);
    assert.equal(msg.result.status, "failed");
});

// The way of one order: turned into writes, permitted, written, read back, reported.
import { test } from "node:test";
import assert from "node:assert/strict";
import { ready, statuses } from "./harness.mjs";

const MODE = "select.work_mode";

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
    const { calls } = ready({ told: { max_power_kw: 4 } }).carry({ power_kw: null });
    assert.equal(calls[0].data.value, 4);
});

test("an optional current is written only where it has an entity", () => {
    const states = { "number.amps": { state: "100", unit: "A", min: 0, max: 150, step: 0.1 } };
    const told = { entities: { discharge_current: "number.amps" } };
    const { calls } = ready({ states, told }).carry({ mode_code: "force_discharge", current_a: 48.8 });
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
    const { msg } = ready({ told: { entities: { mode: "select.nowhere" } } }).carry();
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

test("of a tick and the watchdog that meet, the older stops writing, and only the newer tells of it", () => {
    const { carry, inverter, me } = ready({ states: { [MODE]: { state: "Force Discharge" } } });
    inverter.take = () => { me.remember({ ...me.state(), run: me.state().run + 1 }); return null; };
    const { calls, msg } = carry();
    assert.equal(calls.length, 1);
    assert.deepEqual(statuses(msg), ["commanded"]);
});

test("what cannot be written does not keep the rest from going to self-use", () => {
    const number = (state) => ({ state, unit: "A", min: 0, max: 50, step: 1 });
    for (const state of ["unavailable", null]) {
        const states = state ? { "number.max_discharge_current": number(state) } : {};
        const { carry, inverter } = ready({ states, told: { entities: { discharge_current: "number.max_discharge_current" }, max_current_a: 50 } });
        carry();
        assert.equal(inverter.states[MODE].state, "Force Charge");
        const { msg, calls } = carry({ mode_code: "self_use", power_kw: null, source: "safety", cause: { code: "lease", text: "no fresh recommendation" } });
        assert.deepEqual([inverter.states[MODE].state, calls.length], ["Self Use", 1]);
        assert.match(msg.failure.text, /number.max_discharge_current is/);
    }
});

test("the day's budget ends forced modes, never the way back to self-use", () => {
    const { carry, me } = ready({ told: { write_budget: 3 } });
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

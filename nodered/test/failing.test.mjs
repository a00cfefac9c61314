// A mode that does not run is told again, one that fails rests, and what works keeps its share of the day's writes.
import { test } from "node:test";
import assert from "node:assert/strict";
import { ready, statuses, looked, PROFILES, NOON } from "./harness.mjs";

const MODE = "select.work_mode";
const TICK = 300e3;
const states = (inverter) => Object.fromEntries(Object.values(PROFILES[inverter].settings).filter((each) => each.entity).map(({ entity, unit }) => [entity, { state: "none", unit, min: -20000, max: 20000, step: 1 }]));

// Lives a day of ticks; `meanwhile` is what the inverter does between two of them.
function day({ me, carry }, over, { ticks = 288, meanwhile = () => null } = {}) {
    const told = [];
    for (let n = 0; n < ticks; n++) {
        me.remember({ ...me.state(), lease_until: me.now + 35 * 60e3 });
        told.push(carry(over));
        me.now += TICK;
        meanwhile(n);
    }
    return told;
}

// --- told again ---

for (const inverter of ["solis", "huawei", "solax", "growatt"]) {
    test(`${inverter}: forcing that was dropped after 5 minutes is told again at the tick that sees it`, () => {
        const house = ready({ states: states(inverter), told: { inverter, device_id: "batteries", write_budget: 1000 } });
        const { take } = house.inverter;
        house.inverter.take = function (call, now) { this.measured.battery_kw = 2.5; return take.call(this, call, now); };
        const told = day(house, {}, { ticks: 12, meanwhile: () => { house.inverter.measured.battery_kw = 0; } });
        assert.ok(told.slice(1).every(({ calls }) => calls.length > 0), JSON.stringify(told.map(({ calls }) => calls.length)));
        assert.match(told[1].msg.outcomes[0].detail, /told to charge, but the battery charges 0.0 kW/);
        assert.deepEqual(house.me.state().troubles, {}, "it runs whenever it is told");
    });
}

test("a mode that never runs although it is told again is told less and less often", () => {
    const house = ready({ told: { inverter: "solis", write_budget: 1000 } });
    const told = day(house, {}, { ticks: 60 });
    const again = told.flatMap(({ calls }, n) => calls.length ? [n] : []);
    assert.deepEqual(again.slice(0, 4), [0, 1, 2, 4], JSON.stringify(again));
    assert.ok(told[3].msg.outcomes.some((each) => each.status === "failed"), "it is reported all the same");
    assert.ok(again.length <= 20, JSON.stringify(again)); // also before its half hour ends
});

test("telling again stays within the write budget", () => {
    const house = ready({ told: { inverter: "solis", write_budget: 6 } });
    const { take } = house.inverter;
    house.inverter.take = function (call, now) { this.measured.battery_kw = 2.5; return take.call(this, call, now); };
    const told = day(house, {}, { ticks: 20, meanwhile: () => { house.inverter.measured.battery_kw = 0; } });
    const forced = told.flatMap(({ calls }) => calls).filter((each) => each.action.includes("force_battery"));
    assert.equal(forced.length, 6);
    assert.equal(told.at(-1).msg.order.cause.code, "budget");
});

test("a Fox whose select says that it charges is not told again what it says it does", () => {
    const house = ready();
    const told = day(house, {}, { ticks: 6 });
    assert.deepEqual(told.map(({ calls }) => calls.length), [2, 0, 0, 0, 0, 0]);
    assert.deepEqual(statuses(told[1].msg), ["failed"]);
});

// --- self-use is doubted, too ---

test("after a refused write self-use is written, although the select reads it: the write may have landed", () => {
    const { carry, inverter } = ready();
    const take = inverter.take;
    inverter.take = function (call, now) {
        if (call.data.option === "Force Charge") return "timeout";
        return take.call(this, call, now);
    };
    const { calls, msg } = carry();
    assert.deepEqual(calls.map((each) => each.data.option).filter(Boolean).slice(-2), ["Force Charge", "Self Use"]);
    assert.match(msg.outcomes.map((each) => each.detail).join(), /refused: timeout/);
});

test("what was never sent needs no way back", () => {
    const { calls } = ready({ states: { [MODE]: { state: "unavailable" } } }).carry();
    assert.deepEqual(calls, []);
});

for (const [why, measured, text] of [["charges from the grid", { battery_kw: 2.5, grid_kw: 3 }, /told self-use, but the battery charges 2.5 kW from the grid/], ["sells", { battery_kw: -2.5, grid_kw: -2 }, /discharges 2.5 kW into the grid/]]) {
    test(`a battery that ${why} for two ticks while self-use is told is told self-use again, less and less often`, () => {
        const house = ready();
        const { carry, inverter, me } = house;
        carry({ mode_code: "self_use", power_kw: null, target_soc_pct: null });
        Object.assign(inverter.measured, measured);
        me.now += TICK;
        const told = day(house, { mode_code: "self_use", power_kw: null, target_soc_pct: null }, { ticks: 24 });
        assert.deepEqual([told[0].calls, statuses(told[0].msg)], [[], ["confirmed"]], "a cloud makes one such moment");
        assert.deepEqual(told[1].calls.map((each) => each.data.option), ["Self Use"]);
        assert.match(told[1].msg.failure.text, text);
        const writes = told.flatMap(({ calls }) => calls).length;
        assert.ok(writes >= 3 && writes <= 6, `${writes} writes in two hours`);
    });
}

test("a battery that feeds the house, takes the sun, or is charged because it is empty, does what self-use says", () => {
    for (const measured of [{ battery_kw: -3, grid_kw: 0.1 }, { battery_kw: 3, grid_kw: -2 }, { battery_kw: 2, grid_kw: 2.5, soc_pct: 8 }, { battery_kw: 2, grid_kw: null }]) {
        const house = ready({ measured });
        const told = day(house, { mode_code: "self_use", power_kw: null, target_soc_pct: null }, { ticks: 4 });
        assert.deepEqual([told.flatMap(({ calls }) => calls), statuses(told[3].msg)], [[], ["confirmed"]]);
    }
});

// --- the budget keeps a share for what works ---

test("a mode that fails all day does not spend what another one needs", () => {
    const house = ready();
    const { take } = house.inverter;
    house.inverter.take = function (call, now) { return call.data.option === "Force Discharge" ? null : take.call(this, call, now); };
    const selling = { mode_code: "force_discharge" };
    const told = day(house, selling, { ticks: 28 });
    const tries = told.flatMap(({ calls }, n) => calls.some((each) => each.data.option === "Force Discharge") ? [n] : []);
    assert.deepEqual(tries, [0, 1, 3, 7, 15, 27]);
    assert.match(told[2].msg.order.cause.text, /did not obey: select.work_mode is Self Use, not Force Discharge; force_discharge is tried again from 12:12 UTC, self-use until then/);
    assert.deepEqual(statuses(told[2].msg), ["failed"]);
    assert.ok(house.me.state().writes.count <= 30, `${house.me.state().writes.count} writes in 2 h 20`);
    const { calls, msg } = house.carry({ decision_id: "d2" });
    assert.deepEqual([calls.at(-1).data.option, msg.result.status], ["Force Charge", "confirmed"]);
});

test("half of the day's writes are kept for what works, and the next day is another day", () => {
    const house = ready({ told: { write_budget: 12 } });
    const { take } = house.inverter;
    house.inverter.take = function (call, now) { return call.data.option === "Force Discharge" ? null : take.call(this, call, now); };
    const told = day(house, { mode_code: "force_discharge" }, { ticks: 100 });
    assert.match(told.at(-1).msg.order.cause.text, /of 12 writes of today were spent on what failed, the rest is kept for what works/);
    assert.equal(house.carry({ decision_id: "d2" }).calls.at(-1).data.option, "Force Charge");
    house.me.now += 24 * 3600e3;
    assert.ok(house.carry({ mode_code: "force_discharge", decision_id: "d3" }).calls.some((each) => each.data.option === "Force Discharge"));
});

test("an inverter that goes back by itself is written again once, then rests", () => {
    const house = ready({ measured: { battery_kw: 2.5 } });
    const told = [];
    for (let n = 0; n < 12; n++) {
        told.push(house.carry({ decision_id: `d${n}` }));
        if (house.inverter.states[MODE].state === "Force Charge") house.inverter.set(MODE, "Self Use", house.me.now + 30e3);
        house.me.now += TICK;
    }
    const written = told.flatMap(({ calls }, n) => calls.some((each) => each.data.option === "Force Charge") ? [n] : []);
    assert.deepEqual(written, [0, 1, 2, 4, 5, 9, 10], JSON.stringify(written));
});

test("what a person asks for anew is tried at once", () => {
    const house = ready();
    house.inverter.obeys = false;
    const forced = { source: "override", wish: "asked for it until 20:00 UTC" };
    day(house, forced, { ticks: 10 });
    assert.equal(house.carry(forced).msg.order.cause.code, "failing");
    house.inverter.obeys = true;
    assert.equal(house.carry({ ...forced, wish: "asked for it until 21:00 UTC" }).msg.result.status, "confirmed");
});

test("an inverter that was away is no mode that fails", () => {
    const house = ready();
    house.inverter.set(MODE, "unavailable", NOON);
    day(house, {}, { ticks: 8 });
    house.inverter.set(MODE, "Self Use", NOON);
    assert.equal(house.carry().msg.result.status, "confirmed");
});

// --- words ---

test("a word that the select does not offer is a failure with its name, without a write", () => {
    const { carry, me } = ready({ states: { [MODE]: { state: "Self Use", options: ["Self Use", "Feed-in First", "Back-up"] } } });
    const { calls, msg } = carry();
    assert.deepEqual([calls, me.state().writes.count], [[], 0]);
    assert.equal(msg.outcomes.at(-1).detail, 'Fox ESS (foxess_modbus) cannot force_charge: select.work_mode does not offer "Force Charge", but Self Use, Feed-in First, Back-up; self-use instead');
    assert.deepEqual([statuses(msg), msg.failure.code], [["failed"], "cannot"]);
});

test("a select that does not offer self-use is named, and what else leads there is written", () => {
    const amps = { "number.amps": { state: "40", unit: "A", min: 0, max: 100, step: 1 } };
    const { carry } = ready({ states: { [MODE]: { state: "Back-up", options: ["Eco", "Back-up"] }, ...amps }, told: { entities: { discharge_current: "number.amps" } } });
    const { calls, msg } = carry({ mode_code: "self_use", power_kw: null });
    assert.deepEqual(calls.map((each) => each.target.entity_id[0]), ["number.amps"]);
    assert.match(msg.failure.text, /select.work_mode is Back-up, not Self Use, which it does not offer/);
});

test("a select that tells no options is written as before", () => {
    for (const options of [null, []]) assert.equal(ready({ states: { [MODE]: { state: "Self Use", options } } }).carry().msg.result.status, "confirmed");
});

// --- numbers ---

test("Victron: a load of 65535 W moves no set-point, and none is beyond what the grid bears", () => {
    const settings = { ...PROFILES.victron.settings, setpoint: { ...PROFILES.victron.settings.setpoint, least: -5000, most: 15000 } };
    const told = { inverter: "victron", profile: { ...PROFILES.victron, settings } };
    const { carry, inverter, me } = ready({ states: states("victron"), measured: { load_kw: 1, solar_kw: 0 }, told });
    assert.equal(carry().calls.at(-1).data.value, 3500);
    inverter.measured.load_kw = 65.535;
    const { calls, msg } = carry({ decision_id: "d2" });
    assert.deepEqual([calls, msg.result.status], [[], "confirmed"], "the last believed load is a moment old");
    inverter.measured.load_kw = 30; // can be, but not together with this charge
    assert.equal(carry({ decision_id: "d3" }).calls.at(-1).data.value, 15000);
    inverter.measured.load_kw = 65.535;
    me.now += 16 * 60e3;
    assert.match(carry({ decision_id: "d4" }).msg.order.note, /load_kw not measured/);
});

test("what is not believed is told as it was measured, and shown", () => {
    const { me, settings, inverter } = ready({ measured: { load_kw: 65.535 } });
    const { house } = looked(me, settings, inverter);
    assert.deepEqual([house.measured.load_kw, house.told.load_kw], [null, 65.535]);
    const { asks } = me.run("tick_asks", { at: NOON, settings, house });
    assert.equal(asks[0].body.readings.find((each) => each.quantity === "load_kw").value, 65.535);
    const [shown] = me.run("finish", { settings, house });
    assert.match(shown.payload.problem.text, /not believed: sensor.load_power tells 65.535, and this house can only be at -0.2 to 36.8/);
});

test("a model's bounds hold in whatever unit the entity shows", () => {
    const bounded = (over) => ({ ...PROFILES.fox_ess, settings: { ...PROFILES.fox_ess.settings, charge_power: { ...PROFILES.fox_ess.settings.charge_power, ...over } } });
    for (const [unit, value] of [["kW", 2.4], ["W", 2400]]) {
        const entity = { "number.force_charge_power": { state: "0", unit, min: null, max: null, step: null } };
        const { profile } = { profile: bounded({ most: 2.4, step: 0.1 }) };
        for (const role of ["discharge_current", "max_soc"]) delete profile.settings[role];
        profile.modes = Object.fromEntries(Object.entries(profile.modes).map(([mode, steps]) => [mode, steps.filter(([role]) => profile.settings[role])]));
        const { calls } = ready({ states: entity, told: { profile } }).carry();
        assert.equal(calls[0].data.value, value, unit);
    }
});

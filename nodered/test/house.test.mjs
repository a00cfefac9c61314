// What Home Assistant tells of the house, and what of it is believed.
import { test } from "node:test";
import assert from "node:assert/strict";
import { house, NOON } from "./harness.mjs";

const told = (rows) => rows.map(([id, state, unit]) => ({ id, state, unit, changed: 0 }));
const ROWS = [["sensor.battery_soc", "50", "%"], ["sensor.invbatpower", "1.5", "kW"], ["sensor.pv_power_now", "2400", "W"], ["sensor.load_power", "0.65", "kW"], ["sensor.grid_consumption", "0", "kW"], ["sensor.feed_in", "3.25", "kW"]];
const measured = (changes = {}) => {
    const me = house();
    const rows = ROWS.map(([id, state, unit]) => [id, ...(changes[id] || [state, unit])]);
    return me.run("house", { settings: me.settings(), payload: JSON.stringify(told(rows)) })[0].house.measured;
};

test("units are read, signs turned, and grid is import minus export", () => {
    assert.deepEqual(measured(), { soc_pct: 50, battery_kw: -1.5, solar_kw: 2.4, load_kw: 0.65, grid_kw: -3.25 });
});

for (const state of ["unknown", "unavailable", "", " ", "NaN", "none"]) {
    test(`a state of "${state}" is missing, never 0`, () => assert.equal(measured({ "sensor.battery_soc": [state, "%"] }).soc_pct, null));
}

test("an undeclared unit is not guessed, and half a difference is none", () => {
    assert.equal(measured({ "sensor.pv_power_now": ["2400", null] }).solar_kw, null);
    assert.equal(measured({ "sensor.feed_in": ["unavailable", "kW"] }).grid_kw, null);
});

for (const [why, msg] of [["away", { error: { message: "NoConnectionError" } }], ["talking nonsense", { payload: "<html>" }], ["short", { payload: "{}" }]]) {
    test(`Home Assistant ${why} is a failure of its own`, () => {
        const me = house();
        const [seen, failed] = me.run("house", { settings: me.settings(), ...msg });
        assert.equal(seen, null);
        assert.equal(failed.failure.code, "home_assistant");
        assert.equal(failed.error, undefined);
    });
}

test("last values of an integration that died are not told as of now; one sensor may rest", () => {
    const me = house();
    const seen = (told_at) => me.run("believe", me.run("house", { settings: me.settings(), payload: JSON.stringify(told(ROWS).map((row, i) => ({ ...row, told: told_at[i] / 1000 }))) })[0]).house;
    const [hour, minute] = [NOON - 3600e3, NOON - 60e3];
    assert.equal(seen([hour, hour, hour, minute, hour, hour]).frozen_at, null);
    const frozen = seen([hour, hour, hour, hour, hour, hour]);
    assert.equal(frozen.frozen_at, hour);
    const { asks } = me.run("tick_asks", { at: NOON, settings: me.settings(), house: frozen });
    assert.deepEqual([...new Set(asks[0].body.readings.map((each) => each.at))], ["2026-01-15T11:00:04.000Z"]);
    const [shown] = me.run("finish", { settings: me.settings(), house: frozen });
    assert.match(shown.payload.problem.text, /no sensor has told anything since 2026-01-15T11:00Z/);
});

test("the question to Home Assistant names each entity once and no text of others", () => {
    const me = house();
    const settings = me.settings();
    settings.profile.sensors.soc_pct.entity = "sensor.x') }}{{ 1";
    const { template } = me.run("look", { settings });
    assert.ok(template.includes('"select.work_mode"') && !template.includes("{{ 1"));
});

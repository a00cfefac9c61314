// What enters and leaves: the flow itself, settings, the optimizer's answers, reports, notifications.
import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { house, FUNCTIONS } from "./harness.mjs";

test("every function says what comes in and what goes out", () => {
    for (const name of FUNCTIONS) {
        const text = readFileSync(new URL(`../functions/${name}.js`, import.meta.url), "utf8");
        assert.match(text, /^\/\/ (in|out): /, name);
        assert.ok(text.split("\n").length <= 110, `${name} is too long`);
    }
});

test("the built flow is what its sources give", () => {
    execFileSync("python3", [new URL("../build.py", import.meta.url).pathname, "--check"]);
});

// --- settings ---

test("Node-RED knows where the optimizer is; all else is what that told of the house", () => {
    const me = house({ write_budget: 7 });
    Object.assign(me.env, { BATTERY_OPTIMIZER_URL: "http://optimizer:8000/", BATTERY_OPTIMIZER_TOKEN: "secret" });
    const { url, token, site, profile, write_budget, dry_run, complaints } = me.settings();
    assert.deepEqual([url, token, site, profile.title, write_budget, dry_run, complaints], ["http://optimizer:8000", "secret", "home", "Fox ESS (foxess_modbus)", 7, false, []]);
});

test("variables of earlier versions are named as no longer read, and change nothing", () => {
    const me = house();
    const before = me.settings();
    Object.assign(me.env, { BATTERY_PROFILE: "solax", BATTERY_ENTITY_MODE: "select.mine", BATTERY_SIGN_GRID_KW: "-1", BATTERY_WRITE_BUDGET: "1" });
    const { complaints, ...after } = me.settings();
    assert.deepEqual({ ...after, complaints: [] }, before);
    assert.deepEqual(complaints, ["no longer read, now in the house's document: BATTERY_PROFILE, BATTERY_WRITE_BUDGET, BATTERY_ENTITY_MODE, BATTERY_SIGN_GRID_KW"]);
    const { components } = me.run("health_list", { settings: me.settings(), got: { health: { failure: "x" } } }).payload;
    assert.match(components.at(-1).detail, /no longer read.*BATTERY_PROFILE/);
    assert.equal(components.at(-1).status, "degraded");
});

test("the dry run of an earlier version's environment still holds, for an upgrade must not start to write", () => {
    const me = house();
    me.env.BATTERY_DRY_RUN = "true";
    const settings = me.settings();
    assert.deepEqual([settings.dry_run, settings.dry_run_fixed], [true, true]);
    assert.match(settings.complaints[0], /BATTERY_DRY_RUN still holds/);
});

// --- the optimizer ---

test("requests carry token and site; a reply's headers never become a request's", () => {
    const me = house();
    const settings = me.settings({ token: "secret", site: "home" });
    const [request] = me.run("ask_next", { settings, asks: [{ name: "a", path: "/x?y=1" }], headers: { etag: "1" } });
    assert.equal(request.url, "http://192.168.1.2:8000/x?y=1&site=home");
    assert.equal(request.headers.authorization, "Bearer secret");
    assert.equal(request.headers.etag, undefined);
});

for (const [why, msg, text] of [
    ["away", { error: { message: "ECONNREFUSED" } }, /does not answer \(ECONNREFUSED\)/], ["busy", { statusCode: 503, payload: JSON.stringify({ detail: "no prices" }) }, /answers 503: no prices/],
    ["another server", { statusCode: 200, payload: "<html>" }, /not JSON/], ["refusing", { statusCode: 401, payload: "{}" }, /answers 401/], ["cut short", { statusCode: 200, payload: '{"a": ' }, /not JSON/], ["of an older version", { statusCode: 404, payload: "" }, /answers 404/],
]) {
    test(`an optimizer ${why} is a failure that says why`, () => {
        const me = house();
        const { got } = me.run("answer", { settings: me.settings(), got: {}, asks: [{ name: "a" }], ...msg });
        assert.match(got.a.failure, text);
        assert.ok(!got.a.ok);
    });
}

test("readings wait until they are delivered, and carry the tick's instant", () => {
    const me = house();
    const settings = me.settings();
    const ask = () => me.run("tick_asks", { settings, at: me.now, house: { told: { soc_pct: 50, solar_kw: null } } });
    const { readings } = ask().asks[0].body;
    assert.deepEqual(readings[0], { device: "bat_home", quantity: "soc_pct", at: "2026-01-15T12:00:04.000Z", value: 50 });
    assert.equal(readings[1].value, null);
    me.run("delivered", { settings, got: { readings: { status: 0, failure: "away" } } });
    assert.equal(ask().asks[0].body.readings.length, 4);
    me.run("delivered", { settings, got: { readings: { ok: true } } });
    assert.equal(ask().asks[0].body.readings.length, 2);
});

test("an outcome is reported once, and again until it is delivered", () => {
    const me = house();
    const settings = me.settings();
    const report = () => me.run("report", { settings, house: { states: { "select.work_mode": { state: "Self Use" } }, measured: { soc_pct: 50, battery_kw: -0.4 } }, outcomes: [{ status: "confirmed", detail: null, decision_id: "d1" }] });
    const { asks } = report();
    assert.deepEqual(asks[0].body, { status: "confirmed", at: "2026-01-15T12:00:04.000Z", mode_read_back: "Self Use", battery_kw: -0.4, soc_pct: 50, detail: null });
    assert.equal(report().asks.length, 1);
    me.run("delivered", { settings, got: { [asks[0].name]: { ok: true } } });
    assert.equal(report().asks.length, 0);
});

test("an impossible charge level is not reported as measured", () => {
    const me = house();
    const { asks } = me.run("report", { settings: me.settings(), house: { states: {}, measured: { soc_pct: 255 } }, outcomes: [{ status: "failed", detail: "x", decision_id: "d1" }] });
    assert.equal(asks[0].body.soc_pct, null);
});

// --- watching and telling ---

test("Home Assistant coming back after an absence asks for self-use first; the first connection does not", () => {
    const me = house();
    const settings = me.settings();
    me.run("connection", { settings, payload: "states_loaded" });
    assert.ok(me.run("connection", { settings, payload: "running" }).force);
    assert.equal(me.state().restarted, undefined);
    me.run("remember_house", { settings, house: {} });
    me.now += 30e3;
    me.run("connection", { settings, payload: "states_loaded" });
    assert.ok(me.run("connection", { settings, payload: "running" }).force);
    assert.match(me.state().restarted, /away for 30 s/);
});

test("a problem is notified once, and taken away when it is over", () => {
    const me = house();
    const settings = me.settings();
    const notify = () => me.run("notify", { settings });
    me.remember({ last: { problem: { code: "lease", text: "no fresh recommendation" } } });
    assert.equal(notify().payload.action, "persistent_notification.create");
    assert.equal(notify(), null);
    me.remember({ ...me.state(), last: { problem: null } });
    assert.equal(notify().payload.action, "persistent_notification.dismiss");
    assert.equal(notify(), null);
});

test("the end of a tick frees the clock and keeps the cause", () => {
    const me = house();
    const [shown, again] = me.run("finish", { settings: me.settings(), error: { message: "boom", source: { name: "check" } } });
    assert.equal(shown.payload.problem.text, "check: boom");
    assert.equal(again, null);
    assert.equal(me.flow.control_busy_until, 0);
});

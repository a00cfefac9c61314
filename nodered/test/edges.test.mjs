// What enters and leaves: settings, the clock, Home Assistant's answers, the optimizer's answers, reports, the dashboard.
import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { house, recommendation, FUNCTIONS, NOON } from "./harness.mjs";

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

test("a decision that a newer one of its slot replaced before anybody carried it out is not open for ever", () => {
    const decided = (decision_id, slot_start, outcomes = []) => ({ decision_id, slot_start, outcomes, mode: "Hold", price: { import_per_kwh: 0.1, currency: "GBP" } });
    const body = { decisions: [
        decided("done", "12:00", [{ status: "confirmed" }]), decided("nobody asked", "12:30"), decided("never told", "13:00"), decided("done too", "13:00", [{ status: "failed" }]), decided("now", "13:30"),
    ] };
    const { rows } = house().run("decisions_table", { got: { decisions: { ok: true, body } } }).payload;
    assert.deepEqual(rows.map((row) => row.status), ["open", "failed", "replaced", "open", "confirmed"]);
});

// --- the clock ---

const tick = (me, extra = {}) => me.run("due", { topic: "control", settings: me.settings(), ...extra });

test("a lease that ends before the next tick is asked about once more just before, so that an override ends into the plan", () => {
    const me = house();
    me.flow.control_turn = Math.floor((NOON / 1000 - 3) / 300);
    me.remember({ lease_until: Date.parse("2026-01-15T12:02:34Z") });
    const due = [];
    for (let second = 0; second <= 280; second += 2) {
        me.now = NOON + second * 1000;
        if (tick(me)) { due.push(new Date(me.now).toISOString().slice(14, 19)); me.flow.control_busy_until = 0; }
    }
    assert.deepEqual(due, ["02:10"]);
    me.remember({ lease_until: me.now + 60e3 }); // the tick after comes in time
    me.now = NOON + 290e3;
    assert.equal(tick(me), null);
});

test("the page is refreshed while a browser says that it looks, at once when it opens", () => {
    const me = house();
    const refresh = () => me.run("looked_at", { topic: "dashboard" });
    assert.equal(refresh(), null);
    assert.deepEqual(me.run("looking", { payload: { looking: "now" } }), { topic: "dashboard", force: true });
    assert.ok(refresh());
    me.now += 40e3;
    assert.equal(me.run("looking", { payload: { looking: "still" } }), null);
    me.now += 40e3;
    assert.ok(refresh());
    me.now += 40e3; // it was closed, and did not say so
    assert.equal(refresh(), null);
});

test("a tick comes at the start, then 3 s after every fifth minute, once", () => {
    const me = house();
    assert.ok(tick(me));
    me.flow.control_busy_until = 0;
    const due = [];
    for (let second = 1; second <= 1800; second++) {
        me.now = NOON + second * 1000;
        if (tick(me)) { due.push(new Date(me.now).toISOString().slice(14, 19)); me.flow.control_busy_until = 0; }
    }
    assert.deepEqual(due, ["05:03", "10:03", "15:03", "20:03", "25:03", "30:03"]);
});

test("while a tick is under way there is no other; one asked for meanwhile comes after it", () => {
    const me = house();
    tick(me);
    assert.equal(tick(me, { force: true }), null);
    me.flow.control_busy_until = 0;
    assert.ok(tick(me));
    me.flow.control_busy_until = 0;
    assert.equal(tick(me), null);
});

test("a tick that got lost does not stop the clock for ever", () => {
    const me = house();
    tick(me);
    me.now += 600e3;
    assert.ok(tick(me));
});

test("a clock set back by an hour still ticks", () => {
    const me = house();
    tick(me);
    me.flow.control_busy_until = 0;
    me.now -= 3600e3;
    assert.ok(tick(me));
});

test("prices have a jitter of their own that stays", () => {
    const me = house();
    me.run("due", { topic: "prices", settings: me.settings() });
    const { jitter } = me.flow;
    assert.ok(jitter >= 0 && jitter < 1);
    me.run("due", { topic: "prices", settings: me.settings() });
    assert.equal(me.flow.jitter, jitter);
});

// --- the house ---

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
    const seen = (told_at) => me.run("house", { settings: me.settings(), payload: JSON.stringify(told(ROWS).map((row, i) => ({ ...row, told: told_at[i] / 1000 }))) })[0].house;
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
    const ask = () => me.run("tick_asks", { settings, at: me.now, house: { measured: { soc_pct: 50, solar_kw: null } } });
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

// --- the dashboard ---

const got = (over = {}) => ({
    recommendation: { ok: true, body: recommendation() }, plan: { ok: true, body: { start_soc_pct: 50, steps: [step(0, { charge_kw: 2 }), step(1, { charge_kw: 2 }), step(2, {})] } },
    health: { ok: true, body: { status: "ok", simulated: false, components: [] } }, soc_pct: { ok: true, body: { samples: [{ at: "2026-01-15T11:55:00Z", value: 49 }] } },
    solar_kw: { failure: "x" }, load_kw: { ok: true, body: { samples: [] } }, ...over,
});
const step = (n, over) => ({ start: new Date(Date.parse("2026-01-15T12:00:00Z") + n * 1800e3).toISOString(), end: new Date(Date.parse("2026-01-15T12:30:00Z") + n * 1800e3).toISOString(), load_kw: 0.5, solar_kw: 0, curtailed_kw: 0, charge_kw: 0, discharge_kw: 0, export_kw: 0, soc_pct: 55, ...over });
const day = { start: Date.parse("2026-01-15T00:00:00Z"), end: Date.parse("2026-01-17T00:00:00Z") };

test("the card shows mode, value in pence and the next change", () => {
    const me = house();
    const { payload } = me.run("now", { settings: me.settings(), got: got() });
    assert.deepEqual([payload.mode, payload.value, payload.import, payload.next_change], ["Force charge", "15.0 p/kWh", "10.0 p/kWh", { at: "2026-01-15T13:00:00.000Z", what: "rest" }]);
});

test("the next change of an override is its end, and of an older plan what is still to come", () => {
    const me = house();
    const below = { start: "2026-01-15T10:00:00Z", until: "2026-01-15T15:00:00Z", holds_until: null };
    const forced = { start: "2026-01-15T11:00:00Z", until: "2026-01-15T13:30:00Z", holds_until: "2026-01-15T13:30:00Z" };
    const told = { recommendation: { ok: true, body: recommendation({ plan_source: "override" }) }, overrides: { ok: true, body: { overrides: [forced] } } };
    assert.deepEqual(me.run("now", { settings: me.settings(), got: got(told) }).payload.next_change, { at: forced.until, what: "back to the plan" });
    told.overrides.body.overrides.unshift(below);
    assert.deepEqual(me.run("now", { settings: me.settings(), got: got(told) }).payload.next_change, { at: forced.until, what: "another override" });
    const older = { ok: true, body: { start_soc_pct: 50, steps: [step(-2, { charge_kw: 2 }), step(-1, {}), step(0, { charge_kw: 2 }), step(1, {})] } };
    assert.equal(me.run("now", { settings: me.settings(), got: got({ plan: older }) }).payload.next_change.at, "2026-01-15T12:30:00.000Z");
});

test("without an answer the card says so and never invents a price", () => {
    const me = house();
    const { payload } = me.run("now", { settings: me.settings(), got: got({ recommendation: { failure: "away" }, plan: { failure: "away" }, health: { failure: "away" } }) });
    assert.deepEqual([payload.mode, payload.value, payload.problem], ["No recommendation", "–", "away"]);
});

test("charts: estimated prices are a series of their own, and what is measured ends where the plan begins", () => {
    const me = house();
    const slot = (n, provenance) => ({ start: step(n).start, end: step(n).end, import_per_kwh: 0.1, export_per_kwh: 0.05, price_class: "cheap", provenance });
    const prices = me.run("price_chart", { at: NOON, settings: me.settings(), got: { prices: { ok: true, body: { currency: "GBP", slots: [slot(0, "published"), slot(0, "simulated"), slot(1, "estimated")] } } } }).payload;
    assert.deepEqual([...new Set(prices.map((each) => each.series))], ["cheap", "export", "estimated", "now"]);
    assert.equal(prices[0].v, 10);
    const plan = me.run("plan_chart", { at: NOON, day, settings: me.settings(), got: got() }).payload;
    assert.ok(plan.some((each) => each.series === "charge level" && each.v === 49));
    assert.ok(plan.some((each) => each.series === "charge" && each.v === 2));
    assert.ok(!plan.some((each) => each.series === "solar"));
    const shown = plan.map((each) => each.t);
    assert.deepEqual([Math.min(...shown), Math.max(...shown)], [day.start, day.end], "without a plan too, the chart shows the day");
});

test("the dashboard's day ends at the second midnight from its start", () => {
    const me = house();
    const asked = me.run("dashboard_asks", { at: NOON, settings: me.settings() });
    const hours = (asked.day.end - asked.day.start) / 3600e3;
    assert.ok(hours >= 47 && hours <= 49);
    assert.ok(asked.asks.every((each) => !each.path.includes("+")));
});

test("a wish for a mode becomes an override from this minute on; a past one is refused", () => {
    const me = house();
    const wish = (payload) => me.run("wish", { settings: me.settings(), payload });
    const [asked] = wish({ do: "force", mode: "hold", until: "2026-01-15T13:00:00Z" });
    assert.deepEqual(asked.asks[0], { name: "force", method: "PUT", path: "/api/v1/overrides/2026-01-15T12%3A00%3A00.000Z", body: { mode: "hold", until: "2026-01-15T13:00:00.000Z", note: "from the dashboard" } });
    assert.equal(wish({ do: "force", mode: "hold", until: "2026-01-15T11:00:00Z" }), null);
    assert.equal(me.errors.length, 1);
    const most = me.settings().max_power_kw;
    const [, refused] = wish({ do: "force", mode: "force_charge", until: "2026-01-15T13:00:00Z", power_kw: most + 1 });
    assert.equal(me.run("wish_done", refused)[1].payload, `${most + 1} kW is too much: the inverter is told ${most} kW at most from here`);
});

test("taking back ends the time a person's change is left alone", () => {
    const me = house();
    me.remember({ leave_until: NOON + 60e3 });
    assert.equal(me.run("wish", { settings: me.settings(), payload: { do: "take_back" } })[0], null);
    assert.equal(me.state().leave_until, 0);
});

test("health names every component, and an optimizer that is away is failed", () => {
    const me = house();
    const { payload } = me.run("health_list", { settings: me.settings(), got: { health: { failure: "does not answer", body: null } } });
    assert.deepEqual(payload.components.map((each) => each.name), ["optimizer", "Home Assistant", "control", "readings", "settings"]);
    assert.equal(payload.components[0].status, "failed");
});

test("savings: money against each baseline, a dash while nothing is settled, and no card that breaks without a ledger", () => {
    const me = house();
    const told = (settled_hours) => ({ ok: true, body: { currency: "GBP", count: { settled_hours, passed_hours: 12 }, baselines: [{ case: "no_battery", saved: 1.234, rule: "r" }] } });
    const run = (savings_day, savings_month) => me.run("savings", { got: { savings_day, savings_month } }).payload;
    assert.deepEqual(run(told(3), { failure: "x" }).rows, [{ name: "No battery", rule: "r", day: "£1.23", month: "–" }]);
    assert.equal(run(told(0), told(0)).rows[0].day, "–");
    assert.match(run({ status: 404, failure: "x" }, {}).missing, /once the optimizer settles/);
});

test("a page gets what it shows and nothing else: the message holds the optimizer's token", () => {
    const nodes = JSON.parse(readFileSync(new URL("../flows-hybrid.json", import.meta.url), "utf8"));
    const shown = new Set(nodes.filter((each) => each.type.startsWith("ui-")).map((each) => each.id));
    const feeding = nodes.filter((each) => (each.wires || []).flat().some((id) => shown.has(id)));
    const sources = JSON.parse(readFileSync(new URL("../tabs/3_dashboard.json", import.meta.url), "utf8"));
    assert.ok(feeding.every((each) => each.type === "function"));
    const priced = { start: step(0).start, end: step(0).end, import_per_kwh: 0.1, export_per_kwh: 0.05, price_class: "cheap", provenance: "published" };
    const all = got({
        prices: { ok: true, body: { currency: "GBP", slots: [priced] } }, decisions: { ok: true, body: { decisions: [] } }, overrides: { ok: true, body: { overrides: [] } },
        savings_day: { failure: "x" }, savings_month: { failure: "x" },
    });
    for (const { id } of feeding) {
        const me = house();
        me.env.BATTERY_OPTIMIZER_TOKEN = "the-secret";
        const name = sources.find((each) => each.id === id).func.match(/functions\/(\w+)\.js/)[1];
        const sent = JSON.stringify([me.run(name, { at: NOON, day, settings: me.settings(), got: all, payload: {}, house: { measured: {} } })].flat());
        assert.ok(!sent.includes("the-secret"), name);
        assert.ok(!sent.includes('"settings":') && !sent.includes('"got":'), name);
    }
});

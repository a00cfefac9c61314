// What the page shows and what a person wishes there.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { house, recommendation, NOON } from "./harness.mjs";

const got = (over = {}) => ({
    recommendation: { ok: true, body: recommendation() }, plan: { ok: true, body: { start_soc_pct: 50, steps: [step(0, { charge_kw: 2 }), step(1, { charge_kw: 2 }), step(2, {})] } },
    health: { ok: true, body: { status: "ok", simulated: false, components: [] } }, soc_pct: { ok: true, body: { samples: [{ at: "2026-01-15T11:55:00Z", value: 49 }] } },
    solar_kw: { failure: "x" }, load_kw: { ok: true, body: { samples: [] } }, ...over,
});
const step = (n, over) => ({ start: new Date(Date.parse("2026-01-15T12:00:00Z") + n * 1800e3).toISOString(), end: new Date(Date.parse("2026-01-15T12:30:00Z") + n * 1800e3).toISOString(), load_kw: 0.5, solar_kw: 0, curtailed_kw: 0, charge_kw: 0, discharge_kw: 0, export_kw: 0, soc_pct: 55, ...over });
const day = { start: Date.parse("2026-01-15T00:00:00Z"), end: Date.parse("2026-01-17T00:00:00Z") };

test("a decision that a newer one of its slot replaced before anybody carried it out is not open for ever", () => {
    const decided = (decision_id, slot_start, outcomes = []) => ({ decision_id, slot_start, outcomes, mode: "Hold", price: { import_per_kwh: 0.1, currency: "GBP" } });
    const body = { decisions: [
        decided("done", "12:00", [{ status: "confirmed" }]), decided("nobody asked", "12:30"), decided("never told", "13:00"), decided("done too", "13:00", [{ status: "failed" }]), decided("now", "13:30"),
    ] };
    const { rows } = house().run("decisions_table", { got: { decisions: { ok: true, body } } }).payload;
    assert.deepEqual(rows.map((row) => row.status), ["open", "failed", "replaced", "open", "confirmed"]);
});

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

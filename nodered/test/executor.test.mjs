// What the optimizer tells of the house: asked for, checked, kept, gone on with, and the way from one inverter to another.
import { test } from "node:test";
import assert from "node:assert/strict";
import { house, executor, learn, tick, recommendation, Inverter, PROFILES, NOON } from "./harness.mjs";

const PATH = "/api/v1/sites/home/executor";
const MODE = "select.work_mode";
const AWAY = () => null;

// An optimizer that tells documents as ours does: with an ETag, and 304 to whoever has it.
function telling(documents, sites = Object.keys(documents).map((id) => ({ id, title: "" }))) {
    return ({ path, etag }) => {
        if (path === "/api/v1/sites") return { statusCode: 200, body: { sites } };
        const document = documents[decodeURIComponent(path.split("/")[4])];
        if (!document) return { statusCode: 404, body: { detail: "no such house" } };
        const headers = { etag: JSON.stringify(document.version) };
        return etag === headers.etag ? { statusCode: 304, headers } : { statusCode: 200, headers, body: document };
    };
}

const health = (me) => me.run("health_list", { settings: me.settings(), got: { health: { failure: "away" } } }).payload.components.at(-1);

// --- asking and keeping ---

test("which house is the token's; then what of it, kept with its version, and only asked whether it changed", () => {
    const me = house(null);
    const optimizer = telling({ home: executor({ write_budget: 7 }) });
    const first = learn(me, optimizer);
    assert.deepEqual(first.asked.map((each) => each.path), ["/api/v1/sites", PATH]);
    assert.deepEqual([first.msg.settings.known, first.msg.settings.write_budget, first.msg.settings.site], [true, 7, "home"]);
    const second = learn(me, optimizer);
    assert.deepEqual(second.asked, [{ path: PATH, etag: '"1"' }]);
    assert.equal(second.msg.settings.write_budget, 7);
    assert.equal(me.learnt().at, NOON);
});

for (const [why, sites, env, asked, failure] of [
    ["one", ["cottage"], {}, "cottage"], ["several", ["cottage", "home"], {}, "home"], ["several, one picked", ["cottage", "home"], { BATTERY_SITE: "cottage" }, "cottage"],
    ["several without home", ["cottage", "barn"], {}, null, /the houses cottage, barn; BATTERY_SITE says which/], ["none", [], {}, null, /names no house/],
]) {
    test(`a token for houses: ${why}`, () => {
        const me = house(null);
        Object.assign(me.env, env);
        const { msg, unknown } = learn(me, telling(Object.fromEntries(sites.map((site) => [site, executor({ site })]))));
        assert.equal(msg?.settings.site ?? null, asked);
        if (failure) assert.match(unknown.failure.text, failure);
    });
}

test("another token's house is found once the old one is refused", () => {
    const me = house();
    const optimizer = telling({ cottage: executor({ site: "cottage" }) });
    assert.equal(learn(me, optimizer).msg.settings.site, "home");
    assert.equal(learn(me, optimizer).msg.settings.site, "cottage");
});

test("a flow that knows nothing and reaches nobody writes nothing, says so, and looks again soon", () => {
    const me = house(null);
    const inverter = new Inverter();
    const { calls, shown } = tick(me, AWAY, inverter);
    assert.deepEqual(calls, []);
    assert.match(shown[0].payload.problem.text, /nothing is known of this house yet, so nothing is written: the optimizer does not answer \(ECONNREFUSED\)/);
    assert.deepEqual([health(me).status, health(me).detail], ["failed", shown[0].payload.problem.text]);
    assert.equal(me.settings().rhythms.control.every_s, 30);
    me.remember({ ...me.state(), lease_until: NOON - 1 });
    assert.equal(me.run("lease", { settings: me.settings() }), null);
    assert.equal(tick(me, telling({ home: executor() }), inverter).calls.at(-1).data.option, "Force Charge");
});

test("an optimizer that is away later changes nothing, also over a restart of Node-RED", () => {
    const me = house(null);
    learn(me, telling({ home: executor({ write_budget: 7 }) }));
    me.restart();
    me.now += 3600e3;
    const { msg } = learn(me, AWAY);
    assert.deepEqual([msg.settings.known, msg.settings.write_budget], [true, 7]);
    assert.match(health(me).detail, /does not answer \(ECONNREFUSED\); goes on with what was told before: home: Fox ESS/);
    assert.equal(health(me).age_s, 3600);
    assert.deepEqual(learn(me, telling({ home: executor({ write_budget: 7 }) })).asked, [{ path: PATH, etag: '"1"' }]);
    assert.deepEqual([health(me).status, health(me).detail], ["ok", "home: Fox ESS (foxess_modbus)"]);
});

// --- what makes no sense ---

const without = (name) => { const told = executor({ version: "2" }); delete told[name]; return told; };
const profile = (change) => { const told = executor({ version: "2" }); change(told.profile); return told; };
for (const [why, body, text] of [
    ["a list", [], /no object/], ["text", '"hello"', /not JSON/], ["a page", "<html>", /not JSON/], ["half of it", JSON.stringify(executor()).slice(0, 300), /not JSON/],
    ["without a version", without("version"), /no version/], ["of another house", executor({ site: "barn" }), /about "barn", not about home/], ["without a switch", without("enabled"), /enabled is neither/],
    ["with a switch as text", executor({ executes: "no" }), /executes is neither/], ["without a budget", without("write_budget"), /write_budget is undefined/], ["with a power as text", executor({ max_power_kw: "5" }), /max_power_kw is "5"/],
    ["with a lease of a week", executor({ lease_s: 604800 }), /lease_s is 604800/], ["without rhythms", without("rhythms"), /rhythm of control/], ["with a rhythm of 0 s", executor({ rhythms: { ...executor().rhythms, watchdog: { every_s: 0, offset_s: 0, jitter_s: 0 } } }), /rhythm of watchdog/],
    ["without an inverter", without("profile"), /names no inverter/], ["without modes", profile((told) => { delete told.modes; }), /incomplete/], ["without self-use", profile((told) => { delete told.modes.self_use; }), /return to self-use/],
    ["with a step to nowhere", profile((told) => { delete told.settings.mode; }), /the mode \w+ is not described/], ["with an unknown mode", profile((told) => { told.modes.turbo = []; }), /the mode turbo/],
    ["with an unknown word", profile((told) => { told.modes.hold = [["mode", "$turbo"]]; }), /the mode hold/], ["with a template for an entity", profile((told) => { told.settings.mode.entity = "select.x') }}"; }), /the setting mode/],
    ["with a sign of 100", profile((told) => { told.sensors.grid_kw.sign = 100; }), /the sensor grid_kw/], ["with a button that is not there", profile((told) => { told.press = ["trigger"]; }), /presses/],
    ["of a load that is at least 5 and at most 1 kW", executor({ plausible: { load_kw: { least: 5, most: 1 } } }), /what load_kw can be/], ["with a bound as text", profile((told) => { told.settings.charge_power.most = "6"; }), /the setting charge_power/],
    ["with a step of 0", profile((told) => { told.settings.charge_power.step = 0; }), /the setting charge_power/],
    ["that is huge", executor({ notes: "x".repeat(200e3) }), /longer than 100 kB/],
]) {
    test(`an answer ${why} changes nothing, and is named`, () => {
        const me = house();
        me.learnt().etag = '"0"';
        const { document } = structuredClone(me.learnt());
        const { msg } = learn(me, () => ({ statusCode: 200, body }));
        assert.deepEqual(me.learnt().document, document);
        assert.ok(msg.settings.known);
        assert.match(health(me).detail, text);
        assert.equal(health(me).status, "degraded");
    });
}

test("every inverter's own description makes sense", () => {
    for (const inverter of Object.keys(PROFILES)) {
        const me = house(null);
        learn(me, telling({ home: executor({ inverter }) }));
        assert.equal(me.learnt().failure, null, inverter);
    }
});

// --- a new version ---

test("a new version takes effect with the tick that learns it", () => {
    const me = house();
    const inverter = new Inverter();
    tick(me, telling({ home: executor() }), inverter);
    tick(me, telling({ home: executor({ version: "2", max_power_kw: 2 }) }), inverter, recommendation({ power_kw: 1.5, decision_id: "d2" }));
    assert.equal(me.settings().max_power_kw, 2);
    assert.equal(inverter.states["number.force_charge_power"].state, "1.5");
});

test("words and budgets may change under a forced mode without a way back through self-use", () => {
    const me = house();
    const inverter = new Inverter();
    tick(me, telling({ home: executor() }), inverter);
    const { calls } = tick(me, telling({ home: executor({ version: "2", write_budget: 40 }) }), inverter);
    assert.deepEqual(calls, []);
});

function moving({ ours = true } = {}) {
    const me = house();
    const inverter = new Inverter({ "select.other_mode": { state: "Self Use", options: [] } });
    if (ours) tick(me, telling({ home: executor() }), inverter);
    const optimizer = telling({ home: executor({ version: "2", entities: { mode: "select.other_mode" } }) });
    return { me, inverter, optimizer, go: () => tick(me, optimizer, inverter) };
}

test("an inverter reached by another entity is first let go by the old one, then the new one is used at once", () => {
    const { me, inverter, go } = moving();
    const first = go();
    assert.deepEqual([inverter.states[MODE].state, inverter.states["select.other_mode"].state], ["Self Use", "Self Use"]);
    assert.match(first.msg.order.cause.text, /another way now: Fox ESS \(foxess_modbus\) goes to self-use first/);
    assert.deepEqual(first.shown[1], { topic: "control", force: true });
    go();
    assert.deepEqual([inverter.states[MODE].state, inverter.states["select.other_mode"].state], ["Self Use", "Force Charge"]);
    assert.equal(me.learnt().before, null);
});

test("an old entity that nobody moved is not touched any more", () => {
    const { inverter, go } = moving({ ours: false });
    assert.deepEqual(go().calls.map((each) => each.target.entity_id[0]).sort(), ["number.force_charge_power", "select.other_mode"]);
    assert.equal(inverter.states[MODE].state, "Self Use");
});

test("an old inverter that does not answer is tried for one lease, and meanwhile the new one is left alone", () => {
    const { me, inverter, go } = moving();
    inverter.set(MODE, "unavailable", me.now);
    for (let minute = 0; minute <= 35; minute += 5) {
        go();
        assert.equal(inverter.states["select.other_mode"].state, "Self Use", `minute ${minute}`);
        me.now += 300e3;
    }
    const later = recommendation({ slot_start: "2026-01-15T12:30:00Z", slot_end: "2026-01-15T13:00:00Z", valid_until: "2026-01-15T13:05:00Z" });
    tick(me, AWAY, inverter, later);
    assert.equal(inverter.states["select.other_mode"].state, "Force Charge");
    assert.match(me.warnings[0], /could not be brought to self-use/);
});

test("an old inverter that is in Home Assistant no more holds nothing up", () => {
    const { inverter, go } = moving();
    delete inverter.states[MODE];
    delete inverter.states["number.force_charge_power"];
    delete inverter.states["number.force_discharge_power"];
    inverter.states["number.force_charge_power"] = { id: "number.force_charge_power", state: "3", unit: "kW", min: 0, max: 6, step: 0.001, changed: 0 };
    assert.deepEqual(go().shown[1], { topic: "control", force: true });
    go();
    assert.equal(inverter.states["select.other_mode"].state, "Force Charge");
});

test("the watchdog lets go by the old words too", () => {
    const { me, optimizer } = moving();
    learn(me, optimizer);
    me.remember({ ...me.state(), lease_until: NOON - 1 });
    const { order, settings } = me.run("lease", { settings: me.settings() });
    assert.deepEqual([order.mode_code, settings.profile.settings.mode.entity], ["self_use", MODE]);
});

test("a role switched off is not written any more, and what was written by it is undone first", () => {
    const me = house({ entities: { discharge_current: "number.amps" } });
    const inverter = new Inverter({ "number.amps": { state: "100", unit: "A", min: 0, max: 150, step: 1 } });
    const selling = recommendation({ mode_code: "force_discharge", discharge_current: 40 });
    const amps = executor({ entities: { discharge_current: "number.amps" } });
    tick(me, telling({ home: amps }), inverter, selling);
    assert.equal(inverter.states["number.amps"].state, "40");
    const off = telling({ home: executor({ version: "2", entities: { discharge_current: null } }) });
    tick(me, off, inverter, selling);
    assert.deepEqual([inverter.states[MODE].state, inverter.states["number.amps"].state], ["Self Use", "100"]);
    const { calls } = tick(me, off, inverter, selling);
    assert.equal(inverter.states[MODE].state, "Force Discharge");
    assert.ok(!JSON.stringify(calls).includes("number.amps"));
});

test("GivEnergy without a pause select does all that needs none", () => {
    const states = {};
    for (const { entity, unit } of Object.values(PROFILES.givenergy.settings)) if (entity && !entity.includes("pause")) states[entity] = { state: "none", unit, min: 0, max: 20000, step: 1 };
    const me = house({ inverter: "givenergy", entities: { pause: null } });
    const { msg } = tick(me, AWAY, new Inverter(states));
    assert.equal(msg.result.status, "confirmed", JSON.stringify(msg.outcomes));
});

// --- hands off ---

for (const [why, over, text] of [["another executor", { executes: false }, /names another executor/], ["control switched off", { enabled: false }, /control is switched off/], ["another executor, and no inverter for this one", { executes: false, profile: null }, /names another executor/], ["an inverter out of reach", { profile: null }, /no way to its inverter/]]) {
    test(`${why}: what this flow moved goes to self-use, then it keeps its hands off and says why`, () => {
        const me = house();
        const inverter = new Inverter();
        tick(me, telling({ home: executor() }), inverter);
        const optimizer = telling({ home: executor({ version: "2", ...over }) });
        const [first, second] = [tick(me, optimizer, inverter), tick(me, optimizer, inverter)];
        assert.deepEqual(first.calls.map((each) => each.data.option), ["Self Use"]);
        assert.deepEqual([second.calls, second.msg.outcomes ?? []], [[], []]);
        inverter.set(MODE, "Force Discharge", me.now); // the other one's
        assert.deepEqual(tick(me, optimizer, inverter, null).calls, []);
        const got = { recommendation: { ok: true, body: recommendation() }, plan: {}, health: {} };
        const { hands_off, inverter_says } = me.run("now", { settings: me.settings(), got }).payload;
        assert.match(hands_off, text);
        assert.equal(inverter_says, "hands off");
    });
}

test("hands off from the start: nothing is written, whatever is recommended or makes no sense", () => {
    const inverter = new Inverter({ [MODE]: { state: "Back-up" } });
    for (const told of [recommendation(), recommendation({ mode_code: "turbo" }), null]) {
        const me = house(null);
        assert.deepEqual(tick(me, telling({ home: executor({ enabled: false }) }), inverter, told).calls, []);
    }
});

test("switched on again, it goes on with the plan", () => {
    const me = house({ enabled: false });
    const inverter = new Inverter();
    tick(me, telling({ home: executor({ enabled: false }) }), inverter);
    assert.equal(tick(me, telling({ home: executor({ version: "2" }) }), inverter).calls.at(-1).data.option, "Force Charge");
});

// What may be believed of an answer, and how long: the recommendation's check, and the watchdog over its lease.
import { test } from "node:test";
import assert from "node:assert/strict";
import { house, recommendation, NOON } from "./harness.mjs";

// --- is the recommendation any good? ---

function checked(body, { state, ok = true, at = NOON } = {}) {
    const me = house();
    me.now = at;
    if (state) me.remember(state);
    const got = { recommendation: ok ? { ok, body } : { failure: "the optimizer does not answer (ECONNREFUSED)" } };
    const [go, wait] = me.run("check", { settings: me.settings(), got });
    return { me, go, wait, msg: go || wait };
}

test("a good recommendation becomes an order and a lease", () => {
    const { go, me } = checked(recommendation());
    assert.equal(go.order.mode_code, "force_charge");
    assert.equal(me.state().lease_until, Date.parse("2026-01-15T12:35:00Z"));
});

for (const [why, over] of [
    ["unknown mode", { mode_code: "boost" }], ["no mode", { mode_code: undefined }], ["no decision_id", { decision_id: undefined }], ["no times", { slot_start: undefined }],
    ["a slot that is over", { slot_start: "2026-01-15T11:00:00Z", slot_end: "2026-01-15T11:30:00Z" }], ["a slot to come", { slot_start: "2026-01-15T12:30:00Z", slot_end: "2026-01-15T13:00:00Z" }],
    ["expired", { valid_until: "2026-01-15T12:00:00Z" }], ["too much power", { power_kw: 50 }], ["negative power", { power_kw: -1 }], ["power as text", { power_kw: "2.5" }],
    ["a target of 120 %", { target_soc_pct: 120 }], ["no current", { discharge_current: null }], ["a current of NaN", { discharge_current: Number.NaN }], ["power missing", { power_kw: undefined }],
]) {
    test(`nonsense (${why}) is answered by self-use at once`, () => {
        const { go } = checked(recommendation(over), { state: { lease_until: NOON + 60e3 } });
        assert.equal(go.order.mode_code, "self_use");
        assert.equal(go.order.cause.code, "nonsense");
        assert.equal(go.recommendation, null);
    });
}

test("no answer: the last recommendation holds as long as its lease", () => {
    assert.ok(checked(null, { ok: false, state: { lease_until: NOON + 1 } }).wait);
    assert.equal(checked(null, { ok: false, state: { lease_until: NOON - 1 } }).go.order.mode_code, "self_use");
    assert.equal(checked(null, { ok: false }).go.order.mode_code, "self_use");
});

test("clocks may differ by two minutes", () => {
    assert.equal(checked(recommendation(), { at: Date.parse("2026-01-15T11:58:30Z") }).go.order.mode_code, "force_charge");
});

test("in the night of a clock change slots are instants, so the repeated hour is no nonsense", () => {
    const told = recommendation({ slot_start: "2026-10-25T01:00:00Z", slot_end: "2026-10-25T01:30:00Z", valid_until: "2026-10-25T01:35:00Z" });
    assert.equal(checked(told, { at: Date.parse("2026-10-25T01:00:04Z") }).go.order.mode_code, "force_charge");
    assert.equal(checked(told, { at: Date.parse("2026-10-25T00:00:04Z") }).go.order.cause.code, "nonsense");
});

// --- the lease ---

test("the watchdog returns to self-use when the lease is over, once, and again only while it is not confirmed", () => {
    const me = house();
    const settings = me.settings();
    me.remember({ lease_until: NOON + 1000, held: { done_by: "force_charge", expect: {} } });
    assert.equal(me.run("lease", { settings }), null);
    me.now += 2000;
    assert.equal(me.run("lease", { settings }).order.cause.code, "lease");
    assert.equal(me.run("lease", { settings }), null);
    me.now += 300e3;
    assert.equal(me.run("lease", { settings }).order.mode_code, "self_use");
    me.remember({ ...me.state(), held: { done_by: "self_use", expect: {} } });
    me.now += 300e3;
    assert.equal(me.run("lease", { settings }), null);
});

test("a house that never had a recommendation gets its first lease at the start", () => {
    const me = house();
    assert.equal(me.run("lease", { settings: me.settings() }), null);
    assert.equal(me.state().lease_until, NOON + 35 * 60e3);
});

for (const [why, told, state] of [["in a dry run", { dry_run: true }, {}], ["while a person's change holds", {}, { leave_until: NOON + 60e3 }], ["that another executor drives", { executes: false }, {}], ["while control is switched off", { enabled: false }, {}], ["of which it knows nothing", null, {}]]) {
    test(`the watchdog leaves the inverter alone ${why}`, () => {
        const me = house(told);
        me.remember({ lease_until: NOON - 1, held: { done_by: "hold" }, ...state });
        assert.equal(me.run("lease", { settings: me.settings() }), null);
    });
}

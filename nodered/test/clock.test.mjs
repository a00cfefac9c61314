// When a tick comes, and when the page is refreshed.
import { test } from "node:test";
import assert from "node:assert/strict";
import { house, NOON } from "./harness.mjs";

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

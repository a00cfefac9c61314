// Who else moves the inverter: a person, the inverter itself after an absence, and a dry run that lets nobody.
import { test } from "node:test";
import assert from "node:assert/strict";
import { ready, statuses } from "./harness.mjs";

const MODE = "select.work_mode";
const SIGMA = 121e3; // beyond the time in which a change counts as the inverter's own

test("a person's change is left alone for an hour, then the plan goes on", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "Feed-in First", me.now);
    const found = carry({ decision_id: "d2" });
    assert.equal(found.left, true);
    assert.deepEqual(statuses(found.msg), ["overridden"]);
    assert.match(found.msg.outcomes[0].detail, /from Force Charge to Feed-in First; left alone until 2026-01-15T13:02Z/);
    me.now += 30 * 60e3;
    assert.equal(carry().left, true);
    me.now += 31 * 60e3;
    assert.equal(carry().calls.at(-1).data.option, "Force Charge");
});

test("a change soon after our own write is the inverter's: reported failed, and written again", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += 30e3;
    inverter.set(MODE, "Self Use", me.now);
    const { calls, msg, left } = carry({ decision_id: "d2" });
    assert.equal(left, undefined);
    assert.deepEqual(calls.map((each) => each.data.option), ["Force Charge"]);
    assert.match(msg.outcomes[0].detail, /from Force Charge to Self Use by itself/);
    assert.equal(msg.outcomes[0].decision_id, "d1");
});

test("an override from the dashboard counts more than an earlier change by hand", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "Feed-in First", me.now);
    carry();
    assert.equal(carry({ source: "override", wish: "asked for it until 13:00 UTC", mode_code: "hold", power_kw: null }).calls[0].data.option, "Back-up");
});

test("a change by hand during an override is the newer wish; the next override is newer still", () => {
    const { carry, inverter, me } = ready();
    const forced = { source: "override", wish: "asked for it until 20:00 UTC" };
    carry(forced);
    me.now += 3600e3;
    inverter.set(MODE, "Self Use", me.now);
    const found = carry({ ...forced, decision_id: "d2" });
    assert.deepEqual([found.left, statuses(found.msg), inverter.states[MODE].state], [true, ["overridden"], "Self Use"]);
    assert.equal(carry({ ...forced, decision_id: "d3" }).left, true);
    const { left } = carry({ ...forced, wish: "asked for it until 21:00 UTC", decision_id: "d4" });
    assert.deepEqual([left, inverter.states[MODE].state], [undefined, "Force Charge"]);
});

test("after the flow's own start what the inverter did meanwhile is not taken for a person's change", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "Self Use", me.now); // the host rebooted: the remote control ended by itself
    me.restart();
    me.run("connection", { settings: me.settings(), payload: "states_loaded" });
    const { left, calls } = carry({ decision_id: "d2" });
    assert.deepEqual([left, calls.at(-1).data.option], [undefined, "Force Charge"]);
});

test("a short absence of Home Assistant does not end what a person chose", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "Back-up", me.now);
    assert.equal(carry({ decision_id: "d2" }).left, true);
    me.remember({ ...me.state(), restarted: "Home Assistant was away for 30 s" });
    const found = carry({ decision_id: "d3" });
    assert.deepEqual([found.left, found.calls, inverter.states[MODE].state], [true, [], "Back-up"]);
});

test("an inverter that is merely unavailable was not changed by hand", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.now += SIGMA;
    inverter.set(MODE, "unavailable", me.now);
    assert.equal(carry().left, undefined);
});

test("after a restart of Home Assistant: self-use first, and another tick at once", () => {
    const { carry, inverter, me } = ready();
    carry();
    me.remember({ ...me.state(), restarted: "Home Assistant was away for 30 s" });
    const { calls, msg } = carry({ decision_id: "d2" });
    assert.equal(calls.at(-1).data.option, "Self Use");
    assert.equal(msg.order.cause.code, "restarted");
    assert.equal(me.state().again, true);
    assert.equal(inverter.states[MODE].state, "Self Use");
    assert.equal(carry({ decision_id: "d2" }).calls.at(-1).data.option, "Force Charge");
});

test("after a restart the plan waits until self-use is confirmed", () => {
    const { carry, inverter, me } = ready({ state: { restarted: "Home Assistant was away for 30 s" } });
    inverter.set(MODE, "unavailable", 0);
    const { msg } = carry();
    assert.match(msg.failure.text, /unavailable/);
    assert.ok(!me.state().again);
    inverter.set(MODE, "Force Discharge", 0);
    assert.equal(carry().calls.at(-1).data.option, "Self Use");
    assert.equal(carry().calls.at(-1).data.option, "Force Charge");
});

test("after a restart the watchdog may be first, and the tick still tells the optimizer of the absence", () => {
    const { carry } = ready({ state: { restarted: "Home Assistant was away for 60 s" }, states: { [MODE]: { state: "Force Charge" } } });
    assert.equal(carry({ mode_code: "self_use", decision_id: null, source: "safety", cause: { code: "lease", text: "run out" } }).calls.at(-1).data.option, "Self Use");
    assert.match(carry().msg.outcomes.at(-1).detail, /away for 60 s/);
    assert.equal(carry().calls.at(-1).data.option, "Force Charge");
});

test("after a restart a dry run goes on with the plan, and writes nothing", () => {
    const { carry } = ready({ told: { dry_run: true }, state: { restarted: "Home Assistant was away for 30 s" } });
    const { calls, msg } = carry();
    assert.deepEqual([calls, msg.order.mode_code], [[], "force_charge"]);
});

test("a dry run writes nothing and says what it would write", () => {
    const { calls, dry, msg } = ready({ told: { dry_run: true } }).carry();
    assert.deepEqual([calls, dry], [[], true]);
    assert.deepEqual(msg.would_write, ['number.set_value number.force_charge_power {"value":2.5}', 'select.select_option select.work_mode {"option":"Force Charge"}']);
    assert.deepEqual(statuses(msg), ["overridden"]);
});

test("a dry run switched on after a failed tick still brings our mode back once the inverter is there again", () => {
    const { carry, inverter, me } = ready();
    carry();
    inverter.set(MODE, "unavailable", me.now);
    carry({ decision_id: "d2" });
    inverter.set(MODE, "Force Charge", me.now);
    me.remember({ ...me.state(), dry_run: true });
    carry({ decision_id: "d3" });
    assert.equal(inverter.states[MODE].state, "Self Use");
    assert.equal(carry({ decision_id: "d4" }).dry, true);
});

test("a dry run switched on later returns the inverter to self-use once, then keeps its hands off", () => {
    const { carry, me, inverter } = ready();
    carry();
    me.remember({ ...me.state(), dry_run: true });
    assert.deepEqual(carry({ decision_id: "d2" }).calls.map((each) => each.data.option), ["Self Use"]);
    inverter.set(MODE, "Self Use", 0);
    assert.equal(carry({ decision_id: "d3" }).dry, true);
});

// in: msg.got   out: msg.payload, what the card "Now" says: what holds, why, until when, and every reason not to believe it
const { store, write_budget, dry_run, dry_run_fixed, hands_off, reachable, complaints, profile } = msg.settings;
const state = global.get("battery", store) || {};
const last = state.last || {};
const told = msg.got.recommendation.ok ? msg.got.recommendation.body : last.recommendation;
const money = minor(told?.price?.currency);
const names = { self_use: "Self-use", force_charge: "Force charge", force_discharge: "Force discharge", feed_in_first: "Feed-in first", hold: "Hold" };
const steps = (msg.got.plan.ok ? msg.got.plan.body.steps : []).filter((each) => Date.parse(each.end) > Date.now()); // the plan may be an older one
const today = new Date().toDateString();
msg.payload = {
    mode: told ? names[told.mode_code] || told.mode : "No recommendation",
    mode_code: told?.mode_code || "none",
    inverter: last.result?.mode ?? null,
    inverter_says: inverter_says(),
    reason: told?.reason || "The optimizer has not answered yet.",
    value: price(told?.stored_kwh_value),
    import: price(told?.price?.import_per_kwh),
    export: price(told?.price?.export_per_kwh),
    class: told?.price?.class || "unknown",
    estimated: told?.price?.provenance === "estimated",
    source: told?.plan_source || null,
    next_change: next_change(),
    valid_until: told?.valid_until || null,
    lease_until: state.lease_until || null,
    problem: last.problem?.text || (msg.got.recommendation.ok ? null : msg.got.recommendation.failure),
    left_alone_until: state.leave_until > Date.now() ? state.leave_until : null,
    by_hand: state.by_hand || null,
    dry_run: dry_run || Boolean(state.dry_run),
    dry_run_fixed,
    hands_off,
    would_write: last.would_write || null,
    writes: `${state.writes?.day === today ? state.writes.count : 0} of ${write_budget}`,
    checked_at: last.at || null,
    simulated: Boolean(msg.got.health.body?.simulated),
    profile: `${profile.title} (${profile.verified === "simulator" ? "tried against a simulator" : "from documentation only"})`,
    complaints,
};
return { payload: msg.payload };

function inverter_says() {
    if (hands_off) return state.ours && reachable ? "letting go" : "hands off";
    if (dry_run || state.dry_run) return "dry run";
    if (state.leave_until > Date.now()) return "left alone";
    return last.result?.status || "not commanded yet";
}

function next_change() {
    if (told?.plan_source === "override") {
        const all = msg.got.overrides?.body?.overrides || [], at = all.find((each) => each.holds_until)?.holds_until;
        return at ? { at, what: all.some((each) => Date.parse(each.start) <= Date.parse(at) && Date.parse(each.until) > Date.parse(at)) ? "another override" : "back to the plan" } : null;
    }
    const [first, ...rest] = steps;
    const next = first && rest.find((step) => kind(step) !== kind(first));
    return next ? { at: next.start, what: kind(next) } : null;
}

function kind(step) {
    const surplus_kw = Math.max(0, step.solar_kw - step.curtailed_kw - step.load_kw);
    if (step.charge_kw > surplus_kw + 0.1) return "charge from the grid";
    if (step.charge_kw > 0.05) return "store solar";
    if (step.discharge_kw > 0.05) return step.export_kw > 0.1 ? "sell" : "feed the house";
    return surplus_kw > 0.1 ? "export solar" : "rest";
}

function minor(currency) {
    return {
        GBP: [100, "p"], EUR: [100, "ct"], CHF: [100, "Rp."], USD: [100, "c"], CAD: [100, "c"], AUD: [100, "c"], NZD: [100, "c"], SGD: [100, "c"],
        SEK: [100, "öre"], NOK: [100, "øre"], DKK: [100, "øre"],
    }[currency] || [1, currency || ""];
}

function price(per_kwh) {
    return typeof per_kwh === "number" ? `${(per_kwh * money[0]).toFixed(1)} ${money[1]}/kWh` : "–";
}

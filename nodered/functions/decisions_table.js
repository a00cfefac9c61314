// in: msg.got.decisions   out: msg.payload.rows, newest first, each with the last that is known of its execution
const { ok, body, failure } = msg.got.decisions;
const MOST_ROWS = 24;
const scale = (currency) => (["GBP", "EUR", "CHF", "USD", "CAD", "AUD", "NZD", "SGD", "SEK", "NOK", "DKK"].includes(currency) ? 100 : 1);
const newest = (ok ? body.decisions : []).slice(-MOST_ROWS).reverse();
const rows = newest.map((each, i) => {
    const outcome = each.outcomes.at(-1);
    const replaced = newest[i - 1]?.slot_start === each.slot_start; // within its slot, before anybody carried it out
    return {
        id: each.decision_id, at: each.decided_at, mode: each.mode, mode_code: each.mode_code, reason: each.reason, source: each.plan_source,
        price: typeof each.price.import_per_kwh === "number" ? Math.round(each.price.import_per_kwh * scale(each.price.currency) * 10) / 10 : null,
        status: outcome?.status || (replaced ? "replaced" : "open"), read_back: outcome?.mode_read_back ?? null, battery_kw: outcome?.battery_kw ?? null, detail: outcome?.detail ?? null,
    };
});
msg.payload = { rows, failure: ok ? null : failure };
return { payload: msg.payload };

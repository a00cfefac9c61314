// in: msg.got.plan and today's readings   out: msg.payload, points for ui-chart: what was measured, then what is planned (kW left, % right)
const { plan } = msg.got;
const points = [];
const add = (series, t, v) => typeof v === "number" && points.push({ series, t, v: Math.round(v * 100) / 100 });
const block = (series, start, end, v) => points.push(...[[start, v], [end, v], [end, null]].map(([t, height]) => ({ series, t, v: height })));

for (const [quantity, series] of [["solar_kw", "solar"], ["load_kw", "load"], ["soc_pct", "charge level"]]) {
    for (const each of msg.got[quantity].ok ? msg.got[quantity].body.samples : []) add(series, Date.parse(each.at), each.value);
}
const steps = plan.ok ? plan.body.steps.filter((step) => Date.parse(step.start) < msg.day.end) : [];
if (steps.length) add("charge level, planned", Date.parse(steps[0].start), plan.body.start_soc_pct);
for (const step of steps) {
    const [start, end] = [Date.parse(step.start), Date.parse(step.end)];
    if (step.charge_kw > 0.01) block("charge", start, end, Math.round(step.charge_kw * 100) / 100);
    if (step.discharge_kw > 0.01) block("discharge", start, end, -Math.round(step.discharge_kw * 100) / 100);
    add("solar, forecast", start, step.solar_kw);
    add("load, forecast", start, step.load_kw);
    add("charge level, planned", end, step.soc_pct);
}
if (!points.length) return null;
const values = points.filter((point) => !point.series.startsWith("charge level")).map((point) => point.v ?? 0);
for (const v of [Math.min(0, ...values), Math.max(1, ...values)]) add("now", msg.at, v);
for (const t of [msg.day.start, msg.day.end]) points.push({ series: "now", t, v: null }); // the whole day, also while little is known of it
msg.payload = points;
return { payload: msg.payload };

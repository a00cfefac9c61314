// in: msg.got.prices   out: msg.payload, points for ui-chart: one series per price class, estimated slots in their own
const { ok, body } = msg.got.prices;
if (!ok) return null;
const scale = ["GBP", "EUR", "CHF", "USD", "CAD", "AUD", "NZD", "SGD", "SEK", "NOK", "DKK"].includes(body.currency) ? 100 : 1;
const points = [];
for (const slot of body.slots) {
    const [start, end] = [Date.parse(slot.start), Date.parse(slot.end)];
    const name = slot.provenance === "estimated" ? "estimated" : slot.price_class;
    const v = round(slot.import_per_kwh);
    for (const [t, height] of [[start, v], [end, v], [end, null]]) points.push({ series: name, t, v: height }); // a block, then a gap
    points.push({ series: "export", t: start, v: round(slot.export_per_kwh) });
}
if (body.slots.length) {
    const values = points.map((point) => point.v ?? 0);
    for (const v of [Math.min(0, ...values), Math.max(...values)]) points.push({ series: "now", t: msg.at, v });
}
msg.payload = points;
return { payload: msg.payload };

function round(per_kwh) {
    return Math.round(per_kwh * scale * 100) / 100;
}

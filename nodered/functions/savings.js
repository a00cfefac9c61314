// in: msg.got.savings_day, msg.got.savings_month   out: msg.payload: what was saved against each baseline, or why nothing is known
const NAMES = { no_battery: "No battery", self_use: "Self-use only", rules: "Simple rules" };
const { savings_day: day, savings_month: month } = msg.got;
if (!day.ok) {
    msg.payload = { missing: day.status === 404 ? "The savings appear here once the optimizer settles past slots." : day.failure };
    return { payload: msg.payload };
}
const saved = (told, name) => (told.ok && told.body.count.settled_hours > 0 ? money(told.body.baselines.find((each) => each.case === name)?.saved) : "–");
msg.payload = {
    rows: day.body.baselines.map((each) => ({ name: NAMES[each.case] || each.case, rule: each.rule, day: saved(day, each.case), month: saved(month, each.case) })),
    settled: `${Math.round(day.body.count.settled_hours)} of ${Math.round(day.body.count.passed_hours)} hours of today are settled`,
};
return { payload: msg.payload };

function money(amount) {
    return typeof amount === "number" ? new Intl.NumberFormat("en-GB", { style: "currency", currency: day.body.currency }).format(amount) : "–";
}

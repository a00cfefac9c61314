// in: msg.house as its sensors tell it   out: the same; msg.house.measured has what this house can do, null for the rest; msg.house.told all that was told
// msg.house.doubts says what is not believed; msg.house.recent has the last believed value of each quantity, while it is recent
const RECENT_MS = 15 * 60e3;
const { plausible = {}, profile } = msg.settings;
const { at, measured: told } = msg.house;
const known = global.get("battery_believed") || {};
const doubts = [];
const measured = {};
for (const [quantity, value] of Object.entries(told)) {
    const { least = -Infinity, most = Infinity } = plausible[quantity] || {};
    const possible = value === null || (value >= least && value <= most);
    measured[quantity] = possible ? value : null;
    if (possible && value !== null) known[quantity] = { value, at };
    if (!possible) doubts.push(`${profile.sensors[quantity]?.entity ?? quantity} tells ${value}, and this house can only be at ${least} to ${most} (${quantity})`);
}
global.set("battery_believed", known);
const recent = Object.fromEntries(Object.entries(known).filter(([, each]) => at - each.at <= RECENT_MS).map(([quantity, { value }]) => [quantity, value]));
Object.assign(msg.house, { told, measured, doubts, recent });
return msg;

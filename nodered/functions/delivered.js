// in: msg.got   out: the same; what was delivered, or can never be, no longer waits
const { store } = msg.settings;
const over = ({ ok, status } = {}) => ok || (status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status));
if (over(msg.got.readings)) global.set("battery_readings", [], store);
const waiting = (global.get("battery_outcomes", store) || []).filter((each) => !over(msg.got[each.name]));
global.set("battery_outcomes", waiting, store);
return msg;

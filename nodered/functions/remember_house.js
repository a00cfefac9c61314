// in: msg.house or msg.failure   out: the same; the context knows when Home Assistant was seen last
const { store } = msg.settings;
const before = global.get("battery_house", store) || {};
const failure = msg.failure?.text || null;
global.set("battery_house", { at: Date.now(), seen_at: failure ? before.seen_at : Date.now(), failure }, store);
return msg;

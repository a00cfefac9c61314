// in: msg.house   out: msg.asks: outcomes not delivered yet, this and earlier readings, and what to do now
const { devices, store } = msg.settings;
const at = new Date(Math.floor((msg.house.frozen_at || msg.at) / 1000) * 1000).toISOString(); // one tick, one instant: sent twice it is stored once
const fresh = Object.entries(msg.house.told).map(([quantity, value]) => ({ device: devices[quantity], quantity, at, value }));
const MOST_WAITING = 5000; // three days of ticks
const readings = [...(global.get("battery_readings", store) || []), ...fresh].slice(-MOST_WAITING);
global.set("battery_readings", readings, store);

msg.asks = (global.get("battery_outcomes", store) || []).map((each) => ({ ...each }));
if (readings.length) msg.asks.push({ name: "readings", method: "POST", path: "/api/v1/readings", body: { readings } });
msg.asks.push({ name: "recommendation", path: "/api/v1/recommendation/now" });
return msg;

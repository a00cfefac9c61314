// in: msg.writes   out: 1 the next Home Assistant call, counted   2 all made: msg.delay until it can be read back
const { settle_s, store } = msg.settings;
const state = global.get("battery", store) || {};
if (msg.error) { // a refused call: the rest is not sent, because a mode must not start with another mode's power
    msg.refused = msg.error.message;
    if (msg.order.done_by !== "self_use") msg.writes = [];
    delete msg.error;
}
if (state.run !== msg.run) msg.writes = []; // a newer run has taken over
const write = msg.writes.shift();
if (!write) {
    msg.delay = settle_s * 1000;
    return [null, msg];
}
state.writes = { ...state.writes, count: (state.writes?.count || 0) + 1 };
state.wrote_at = Date.now();
if (msg.order.done_by !== "self_use") state.ours = true; // until self-use is confirmed
state.held = null; // from here on until it is read back nobody knows what the inverter does
msg.wrote = true;
msg.spent = (msg.spent || 0) + 1;
msg.touched = [...(msg.touched || []), write.entity].filter(Boolean);
global.set("battery", state, store);
msg.payload = { action: write.action, data: write.data || {}, ...(write.entity && { target: { entity_id: [write.entity] } }) };
return [msg, null];

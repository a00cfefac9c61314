// in: msg.writes   out: 1 the next Home Assistant call, counted   2 all made: msg.delay until it can be read back
const { settle_s, store } = msg.settings;
if (msg.error) { // a refused call: the rest is not sent, because a mode must not start with another mode's power
    msg.refused = msg.error.message;
    if (msg.order.done_by !== "self_use") msg.writes = [];
    delete msg.error;
}
const write = msg.writes.shift();
if (!write) {
    msg.delay = settle_s * 1000;
    return [null, msg];
}
const state = global.get("battery", store) || {};
state.writes = { ...state.writes, count: (state.writes?.count || 0) + 1 };
state.wrote_at = Date.now();
msg.wrote = true;
global.set("battery", state, store);
msg.payload = { action: write.action, data: write.data || {}, ...(write.entity && { target: { entity_id: [write.entity] } }) };
return [msg, null];

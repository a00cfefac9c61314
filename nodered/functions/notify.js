// in: the state after a tick, or msg.error of a notification that did not get through
// out: Home Assistant's persistent notification, once per problem; taken away when it is over
const { store, notify } = msg.settings;
const state = global.get("battery", store) || {};
const problem = state.last?.problem || null;
const code = problem?.code || null;
if (msg.error) { // tried again after the next tick
    state.notified = "not delivered";
    global.set("battery", state, store);
    return null;
}
if (!notify || code === (state.notified || null)) return null;
state.notified = code;
global.set("battery", state, store);
msg.payload = problem
    ? { action: "persistent_notification.create", data: { notification_id: "battery_optimizer", title: "Battery optimizer", message: problem.text } }
    : { action: "persistent_notification.dismiss", data: { notification_id: "battery_optimizer" } };
return msg;

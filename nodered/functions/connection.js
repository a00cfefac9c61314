// in: msg.payload, what the Home Assistant client tells: states_loaded on every connection, running once Home Assistant has started
// out: a tick at once; after an absence it goes to self-use first
const { store } = msg.settings;
if (msg.payload === "states_loaded") {
    if (flow.get("connected_before")) {
        const state = global.get("battery", store) || {};
        const { seen_at } = global.get("battery_house", store) || {};
        const away = seen_at ? `for ${Math.max(1, Math.round((Date.now() - seen_at) / 1000))} s` : "for a while";
        state.restarted = `Home Assistant was away ${away}: self-use first, then the plan`;
        state.away = { at: Date.now(), text: `was away ${away} until` };
        global.set("battery", state, store);
    } else if (global.get("battery", store)?.held) { // this flow has just started, often with Home Assistant: what changed before was not by hand
        const state = global.get("battery", store);
        state.held.expect = {};
        global.set("battery", state, store);
    }
    flow.set("connected_before", true);
    return null;
}
return msg.payload === "running" ? { topic: "control", force: true } : null;

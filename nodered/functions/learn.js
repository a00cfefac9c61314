// in: msg.got of executor_asks.js   out: 1 what is known may be used   2 the house was found: ask for it   3 nothing is known yet: msg.failure
// What makes sense is kept in the context; whatever else comes changes nothing, and is named until better comes.
const { store } = msg.settings;
const learnt = global.get("battery_executor", store) || {};
const state = global.get("battery", store) || {};
const { sites, executor } = msg.got;
delete msg.got;

if (sites?.ok) {
    const { site = null, failure = null } = picked(sites.body);
    keep({ site, failure });
    if (site) return [null, msg, null];
} else if (!executor?.ok) {
    if ([403, 404].includes(executor?.status)) keep({ site: null }); // another token may be another house's
    keep({ failure: (sites || executor).failure });
} else if (executor.nonsense) {
    keep({ failure: `what the optimizer tells of this house makes no sense: ${executor.nonsense}` });
} else {
    if (executor.status !== 304) take(executor.body);
    keep({ failure: null });
}
if (learnt.before && (!state.ours || Date.now() > learnt.let_go_until)) hand_over();
if (learnt.document) return [msg, null, null];
msg.failure = { code: "unknown", text: `nothing is known of this house yet, so nothing is written: ${learnt.failure}` };
return [null, null, msg];

function keep(more) {
    global.set("battery_executor", Object.assign(learnt, more), store);
}

// Where this flow moved the inverter by other words or entities than the new ones, it is let go to self-use by the old ones first.
function take(document) {
    const old = learnt.before || learnt.document;
    if (state.ours && old?.profile && moved(old, document)) {
        keep({ before: old, let_go_until: learnt.let_go_until || Date.now() + 1000 * old.lease_s });
    }
    keep({ document, etag: executor.etag || JSON.stringify(document.version), at: Date.now() });
}

function moved(old, now) {
    const other = (role) => old.profile.settings[role].entity && old.profile.settings[role].entity !== now.profile?.settings[role]?.entity;
    return old.profile.profile !== now.profile?.profile || old.device_id !== now.device_id || Object.keys(old.profile.settings).some(other);
}

// The old inverter is in self-use, or it could not be brought there within a lease: the new one's turn.
function hand_over() {
    if (state.ours) node.warn(`${learnt.before.profile.title} could not be brought to self-use before it was replaced in the house's document`);
    keep({ before: null, let_go_until: null });
    Object.assign(state, { ours: false, held: null, failing: null, troubles: {} });
    global.set("battery", state, store);
}

function picked(told) {
    const ids = (Array.isArray(told?.sites) ? told.sites : []).map((each) => each?.id).filter((id) => typeof id === "string" && id);
    if (ids.length === 1) return { site: ids[0] };
    if (ids.includes("home")) return { site: "home" };
    return { failure: ids.length ? `the token may see the houses ${ids.slice(0, 20).join(", ")}; BATTERY_SITE says which` : "the optimizer names no house that the token may see" };
}

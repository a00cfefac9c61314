// in: a heartbeat; msg.topic names its rhythm in msg.settings.rhythms; msg.force asks for one at once
// out: the message once per period, aligned to the clock (so 3 s after every half hour, not 5 min after the start), or nothing
const rhythm = msg.settings.rhythms[msg.topic];
const jitter = flow.get("jitter") ?? Math.random(); // drawn once: a house keeps its place among many
const turn = Math.floor((Date.now() / 1000 - rhythm.offset_s - jitter * rhythm.jitter_s) / rhythm.every_s);
if (rhythm.jitter_s) flow.set("jitter", jitter);

const [last, asked, busy] = ["turn", "asked", "busy_until"].map((name) => `${msg.topic}_${name}`);
if (msg.force || (msg.topic === "control" && lease_ends())) flow.set(asked, true);
if ((flow.get(busy) || 0) > Date.now()) return null;
if (turn === flow.get(last) && !flow.get(asked)) return null;

flow.set(last, turn);
flow.set(asked, false);
if (msg.topic === "control") {
    const { tries, settle_s, timeout_s } = msg.settings;
    flow.set(busy, Date.now() + 1000 * (60 + 2 * tries * (settle_s + 10) + 5 * timeout_s)); // finish.js ends it; this is for a message that got lost
}
msg.at = Date.now();
return msg;

// Whether the lease ends before the next turn, as it does soon after a person's override: the last moment to ask what comes then, once.
function lease_ends() {
    const until = (global.get("battery", msg.settings.store) || {}).lease_until;
    const next_turn = 1000 * ((turn + 1) * rhythm.every_s + rhythm.offset_s);
    if (!(until - 25e3 <= Date.now() && Date.now() < until && until < next_turn) || flow.get("renewed") === until) return false;
    flow.set("renewed", until);
    return true;
}

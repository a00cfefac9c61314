// in: what the optimizer answered, or msg.error   out: msg.got[name], and the next of msg.asks
const ask = msg.asks.shift();
const status = Number(msg.statusCode) || 0;
const reply = { status, at: Date.now() };
if (msg.error) {
    reply.failure = `the optimizer does not answer (${msg.error.message})`;
} else if (status < 200 || status > 299) {
    reply.failure = `the optimizer answers ${status}: ${msg.payload?.detail || msg.payload?.title || "no reason given"}`;
} else if (status !== 204 && (typeof msg.payload !== "object" || msg.payload === null)) {
    reply.failure = "the optimizer's answer is not JSON";
} else {
    reply.ok = true;
}
reply.body = typeof msg.payload === "object" ? msg.payload : null;
msg.got[ask.name] = reply;
delete msg.error;
return msg;

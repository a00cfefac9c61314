// in: what the optimizer answered as text, or msg.error   out: msg.got[name], and the next of msg.asks
const ask = msg.asks.shift();
const status = Number(msg.statusCode) || 0;
const empty = [204, 304].includes(status);
const reply = { status, at: Date.now(), etag: msg.headers?.etag ?? null };
let body = null;
try { body = empty || msg.error ? null : JSON.parse(msg.payload); } catch { body = null; } // a page of another server, half an answer
if (msg.error) {
    reply.failure = `the optimizer does not answer (${msg.error.message})`;
} else if (!empty && (status < 200 || status > 299)) {
    reply.failure = `the optimizer answers ${status}: ${body?.detail || body?.title || "no reason given"}`;
} else if (!empty && (typeof body !== "object" || body === null)) {
    reply.failure = "the optimizer's answer is not JSON";
} else {
    reply.ok = true;
}
reply.body = typeof body === "object" ? body : null;
msg.got[ask.name] = reply;
delete msg.error;
return msg;

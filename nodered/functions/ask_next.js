// in: msg.asks = [{name, method, path, body, etag}] for the optimizer   out: 1 the next request, 2 msg.got = {name: {ok, status, body | failure}}
msg.got = msg.got || {};
delete msg.headers; // the last reply's headers would become request headers
const [ask] = msg.asks;
if (!ask) return [null, msg];
const { url, token, site, timeout_s } = msg.settings;
const about = site && !ask.path.startsWith("/api/v1/sites"); // those name their house themselves
msg.url = `${url}${ask.path}${about ? `${ask.path.includes("?") ? "&" : "?"}site=${encodeURIComponent(site)}` : ""}`;
msg.method = ask.method || "GET";
msg.headers = { accept: "application/json", "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }), ...(ask.etag && { "if-none-match": ask.etag }) };
msg.requestTimeout = timeout_s * 1000;
msg.payload = ask.body ?? "";
delete msg.statusCode;
delete msg.error;
return [msg, null];

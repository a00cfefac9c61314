// in: msg.got.refresh   out: the dashboard's refresh; a failure goes to the catch node
const { ok, body, failure } = msg.got.refresh;
if (!ok) { node.error(`prices: ${failure}`, msg); return null; }
node.status({ fill: "green", shape: "dot", text: `${body.stored} new, until ${body.last_slot}` });
return { topic: "dashboard", force: true };

// in: a tick   out: msg.asks: what the optimizer wants of whoever executes in this house; while it is not known which house, that first
const PATH = (site) => `/api/v1/sites/${encodeURIComponent(site)}/executor`;
const learnt = global.get("battery_executor", msg.settings.store) || {};
const site = env.get("BATTERY_SITE") || learnt.site;
const etag = learnt.document?.site === site ? learnt.etag : null;
delete msg.got;
msg.asks = [site ? { name: "executor", site, path: PATH(site), etag } : { name: "sites", path: "/api/v1/sites" }];
msg.asked_site = site;
return msg;

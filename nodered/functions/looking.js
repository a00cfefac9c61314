// in: msg.payload.looking, told by a browser that shows the page: "now" when it opens or comes back, "still" while it stays
// out: a refresh at once, for "now"
flow.set("looked_at", Date.now());
return msg.payload.looking === "now" ? { topic: "dashboard", force: true } : null;

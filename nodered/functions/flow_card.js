// in: msg.house, or msg.failure   out: msg.payload, the powers as the card "Energy flow" shows them
const { measured = {} } = msg.house || {};
msg.payload = {
    soc_pct: measured.soc_pct ?? null, solar_kw: measured.solar_kw ?? null, load_kw: measured.load_kw ?? null,
    grid_kw: measured.grid_kw ?? null, battery_kw: measured.battery_kw ?? null, at: msg.at, failure: msg.failure?.text || null,
};
return { payload: msg.payload };

// out: msg.asks, all that the dashboard shows of the optimizer; the day is the house's own (set TZ)
const midnight = new Date(msg.at);
midnight.setHours(0, 0, 0, 0);
const end = new Date(midnight);
end.setDate(end.getDate() + 2); // not + 48 h: days with a clock change are shorter or longer
const text = (instant) => encodeURIComponent(instant.toISOString());
const today = `start=${text(midnight)}&end=${text(new Date(msg.at + 60e3))}`;
msg.day = { start: midnight.getTime(), end: end.getTime() };
msg.asks = [
    { name: "health", path: "/health" },
    { name: "recommendation", path: "/api/v1/recommendation/now" },
    { name: "plan", path: "/api/v1/plan" },
    { name: "prices", path: `/api/v1/prices?start=${text(midnight)}&end=${text(end)}` },
    { name: "decisions", path: `/api/v1/decisions?${today}` },
    { name: "overrides", path: "/api/v1/overrides" },
    ...["soc_pct", "solar_kw", "load_kw"].map((quantity) => ({ name: quantity, path: `/api/v1/readings?quantity=${quantity}&${today}` })),
    ...["day", "month"].map((period) => ({ name: `savings_${period}`, path: `/api/v1/savings?period=${period}` })),
];
return msg;

// in: a turn to refresh the page   out: the same while a browser shows it; nobody else needs all that asked
const KEPT_MS = 45e3; // a browser says every 15 s that it still looks
return Date.now() - (flow.get("looked_at") || 0) < KEPT_MS ? msg : null;

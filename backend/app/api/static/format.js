// Numbers, times and codes as people read them. Pure: no DOM, no network, no clock.

const MINOR = { GBP: "p", EUR: "c", CHF: "Rp.", USD: "c", CAD: "c", AUD: "c", NZD: "c", SGD: "c", SEK: "öre", NOK: "øre", DKK: "øre" };
const MAJOR = { GBP: "£", EUR: "€" };
const MINUS = "\u2212";

export const MODES = {
  self_use: ["Self use", "the battery follows the house"],
  force_charge: ["Force charge", "the battery charges, from the grid too"],
  force_discharge: ["Force discharge", "the battery sells to the grid"],
  feed_in_first: ["Feed-in first", "surplus sun goes to the grid"],
  hold: ["Hold", "the charge is kept for later"],
};

export const SOURCES = {
  optimizer: "the optimizer",
  override: "a person's override",
  last_plan: "the last valid plan",
  rules: "simple rules",
  self_use: "self-use, the safe state",
};

// What keeps the battery from doing more of what it does in this slot.
export const LIMITS = {
  none: "No limit holds the battery back",
  charge_power: "It charges as fast as it can",
  discharge_power: "It discharges as fast as it can",
  battery_full: "The battery will be full",
  reserve: "The battery is down to its reserve",
  import_limit: "The house takes all the grid connection gives",
  export_limit: "The house sells all the grid connection takes",
};

export const OUTCOMES = {
  confirmed: ["✓", "confirmed"],
  failed: ["✗", "failed"],
  overridden: ["↺", "overridden"],
  commanded: ["…", "commanded"],
  replaced: ["·", "replaced in its slot"],
};

// in: a number   out: the number with a real minus sign, never "-0"
export function number(value, digits = 1) {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

// in: "GBP"   out: "p/kWh"
export function unit(currency) {
  return `${MINOR[currency] ?? currency}/kWh`;
}

// in: 0.1004, "GBP"   out: 10.04, what a chart's axis shows
export function shown(perKwh, currency) {
  return currency in MINOR ? perKwh * 100 : perKwh;
}

// in: 0.1004, "GBP"   out: "10.0"; null is "–"
export function price(perKwh, currency) {
  return perKwh == null ? "–" : number(shown(perKwh, currency), currency in MINOR ? 1 : 3);
}

// in: 2.757, "GBP"   out: "£2.76"; small sums in p, c or öre
export function amount(sum, currency) {
  const minor = MINOR[currency];
  if (minor && Math.abs(sum) < 0.9995) return `${number(sum * 100)}${minor.length > 1 ? " " : ""}${minor}`;
  const text = Math.abs(sum).toFixed(2);
  const sign = sum < 0 ? MINUS : "";
  return MAJOR[currency] ? `${sign}${MAJOR[currency]}${text}` : `${sign}${text} ${currency}`;
}

// in: GET /health   out: what is made up, and what that means
export function simulatedWords({ simulated_house: house, simulated_prices: prices }) {
  if (house) return `${prices ? "House and prices are" : "The house is"} made up; nothing real is controlled.`;
  return "The prices are made up, but a real house is planned on them: what it saves is made up, too. Set a real tariff.";
}

// in: seconds   out: "12 s", "3 min", "2 h", "4 days"
export function age(seconds) {
  const s = Math.max(0, seconds);
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

const formats = new Map();
function inZone(zone, name, options) {
  const key = `${zone} ${name}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key);
}

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const ALL = { ...CLOCK, year: "numeric", month: "2-digit", day: "2-digit" };

// in: an instant (ISO text or ms)   out: "05:30" in the zone
export function clock(instant, zone) {
  return inZone(zone, "clock", CLOCK).format(new Date(instant));
}

// out: "Sat 22 Nov"
export function day(instant, zone) {
  return inZone(zone, "day", { weekday: "short", day: "numeric", month: "short" }).format(new Date(instant)).replace(",", "");
}

// out: "Nov 2026"
export function month(instant, zone) {
  return inZone(zone, "month", { month: "short", year: "numeric" }).format(new Date(instant));
}

// out: "Sat"
export function weekday(instant, zone) {
  return inZone(zone, "weekday", { weekday: "short" }).format(new Date(instant));
}

// out: "05:30" today, "Sun 05:30" on another day
export function when(instant, zone, now) {
  const same = day(instant, zone) === day(now, zone);
  return same ? clock(instant, zone) : `${weekday(instant, zone)} ${clock(instant, zone)}`;
}

// in: ms   out: "2026-11-21T05:30", the wall clock of the zone, as a datetime-local input wants it
export function wall(ms, zone) {
  const part = Object.fromEntries(inZone(zone, "all", ALL).formatToParts(new Date(ms)).map((each) => [each.type, each.value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

// in: "2026-11-21T05:30" on the zone's wall clock   out: ms; a time the clocks skip is read as if they had not
export function instant(text, zone) {
  const asUtc = Date.parse(`${text}Z`);
  const shift = (ms) => Date.parse(`${wall(ms, zone)}Z`) - ms;
  const guess = asUtc - shift(asUtc);
  return asUtc - shift(guess);
}

// in: "2026-03-01"   out: "2026-02-28"
export function dayBefore(date) {
  return new Date(Date.parse(`${date}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);
}

// in: a sentence of the service with UTC times   out: the same in local time
export function localise(text, zone, now) {
  return text
    .replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC/g, (_all, date, time) => when(`${date}T${time}:00Z`, zone, now))
    .replace(/\b(\d\d:\d\d) UTC/g, (_all, time) => clock(nearest(time, now), zone));
}

const DAY_MS = 86_400_000;

// in: "05:30" UTC   out: the first such instant not an hour before now
function nearest(time, now) {
  const today = Date.parse(`${new Date(now).toISOString().slice(0, 10)}T${time}:00Z`);
  return today < now - 3_600_000 ? today + DAY_MS : today;
}

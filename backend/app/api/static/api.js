// The public API: one function to ask it about the house of the address, errors people can read, the server's clock.

const TOKEN = "battery-optimizer-token";
const PATIENCE_MS = 15_000;
export const site = new URLSearchParams(globalThis.location?.search).get("site");

export class Lost extends Error {}
export class Refused extends Error {}

export const token = {
  get: () => localStorage.getItem(TOKEN),
  set: (value) => localStorage.setItem(TOKEN, value),
  forget: () => localStorage.removeItem(TOKEN),
};

let clockOffsetMs = 0;

// out: ms by the server's clock, so that a wrong clock in the browser moves no "now"
export function now() {
  return Date.now() + clockOffsetMs;
}

// in: a path, a query, fetch options   out: the JSON; null for 204
// throws Lost (nobody answers), Refused (401), Error (a problem document's sentence, with its status and body)
export async function ask(path, query = {}, options = {}) {
  const reply = await reach(path, query, options);
  if (reply.status === 401) throw new Refused(token.get() ? "The token was refused." : "This service asks who you are.");
  if (reply.status === 204) return null;
  const body = await reply.json().catch(() => {
    throw new Lost("the answer was cut off");
  });
  if (reply.ok) return body;
  throw Object.assign(new Error(body.detail ?? `the service answered ${reply.status}`), { status: reply.status, body });
}

async function reach(path, query, options) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(site ? { ...query, site } : query)) url.searchParams.set(name, value);
  const headers = { Accept: "application/json", ...options.headers };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  try {
    const reply = await fetch(url, { ...options, headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    followClock(reply.headers.get("Date"));
    return reply;
  } catch (error) {
    throw new Lost(String(error.message ?? error));
  }
}

const COARSE_MS = 2_000; // the header counts whole seconds

function followClock(date) {
  const offset = Date.parse(date ?? "") - Date.now();
  if (Number.isFinite(offset)) clockOffsetMs = Math.abs(offset) < COARSE_MS ? 0 : offset;
}

// out: GET /health, also when it says 503
export function health() {
  return ask("/health").catch((error) => {
    if (error.body?.components) return error.body;
    throw error;
  });
}

// Taking over: force a mode until a time, and give it back.

import { acting } from "./act.js";
import { ask } from "./api.js";
import { by, fill, h } from "./dom.js";
import { MODES, instant, number, wall, when } from "./format.js";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const QUICK_HOURS = [0.5, 1, 2, 4, 8];

let state = null;

// in: what to do after a change, what to do without a token   call once
export function prepare(changed, refused) {
  const form = by("override-form");
  const act = acting("override-form", "override-feedback", changed, refused);
  form.elements.mode.addEventListener("change", hint);
  by("quick").append(...QUICK_HOURS.map(quickButton));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(() => force(form));
  });
  by("overrides").addEventListener("click", (event) => {
    const start = event.target.closest("button")?.dataset.start;
    if (start) act(() => release(start));
  });
}

// in: the modes this house can be told; what it cannot is not there to choose, and its reason stands below
function offer(modes, withheld) {
  const select = by("override-form").elements.mode;
  if ([...select.options].map((each) => each.value).join() === modes.join()) return;
  const before = select.value;
  select.replaceChildren(...modes.map((code) => h("option", { value: code }, MODES[code]?.[0] ?? code)));
  if (modes.includes(before)) select.value = before;
  by("override-withheld").hidden = !withheld.length;
  by("override-withheld").textContent = withheld.map((each) => `${MODES[each.mode_code]?.[0] ?? each.mode_code}: ${each.reason}`).join(" · ");
  hint();
}

function hint() {
  by("override-hint").textContent = MODES[by("override-form").elements.mode.value]?.[1] ?? "";
}

function quickButton(hours) {
  const button = h("button", { type: "button" }, hours < 1 ? `${hours * 60} min` : `${hours} h`);
  button.addEventListener("click", () => state && propose(hours));
  return button;
}

function propose(hours) {
  by("override-form").elements.until.value = wall(Math.ceil((state.now + hours * HOUR_MS) / MINUTE_MS) * MINUTE_MS, state.zone);
}

// out: a sentence about what is forced now; the slot is the running override's, else the current one
async function force(form) {
  const wish = Object.fromEntries(new FormData(form));
  const until = instant(wish.until, state.zone);
  if (!(until > state.now)) throw new Error("that time is over; choose a later one");
  const running = state.overrides.find((each) => each.holds_until);
  const slot = running?.start ?? state.told?.slot_start ?? new Date(state.now).toISOString();
  const body = { mode: wish.mode, until: new Date(until).toISOString(), ...optional(wish) };
  const made = await ask(`/api/v1/overrides/${encodeURIComponent(slot)}`, {}, { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return `${MODES[wish.mode][0]} is forced until ${when(until, state.zone, state.now)}.${made.covers.map(covered).join("")}`;
}

function optional({ power_kw: power, target_soc_pct: target, note }) {
  return {
    ...(power ? { power_kw: Number(power) } : {}),
    ...(target ? { target_soc_pct: Number(target) } : {}),
    ...(note ? { note } : {}),
  };
}

// out: a sentence about what an override lies on
function covered({ mode_code: mode, start, until }) {
  return ` It lies over ${MODES[mode]?.[0] ?? mode}, ${when(start, state.zone, state.now)} to ${when(until, state.zone, state.now)}, which waits below.`;
}

// out: a sentence about what holds now: what lay below, or the plan
async function release(start) {
  await ask(`/api/v1/overrides/${encodeURIComponent(start)}`, {}, { method: "DELETE" });
  const { overrides } = await ask("/api/v1/overrides", {});
  const below = overrides.find((each) => each.holds_until);
  return below ? `Given back: ${MODES[below.mode_code]?.[0] ?? below.mode_code} holds until ${when(below.holds_until, state.zone, state.now)}.` : "Given back: the plan decides again.";
}

// in: the page's state   out: the overrides in force or to come, each with a button that ends it
export function drawOverrides(given) {
  const first = state === null;
  state = given;
  if (first) propose(1);
  if (state.offered) offer(state.offered, state.withheld);
  fill("overrides", [state.overrides, state.zone], ([all]) => all.map(forced));
}

function forced(each) {
  const { zone, now } = state;
  const span = Date.parse(each.start) <= now ? `until ${when(each.until, zone, now)}` : `${when(each.start, zone, now)} to ${when(each.until, zone, now)}`;
  const power = each.power_kw == null ? "" : ` at ${number(each.power_kw)} kW`;
  const waits = !each.holds_until && Date.parse(each.start) <= now;
  const target = each.target_soc_pct == null ? "" : ` to ${number(each.target_soc_pct, 0)} %`;
  return h(
    "li",
    { "data-mode": each.mode_code },
    h("span", {}, h("b", {}, MODES[each.mode_code]?.[0] ?? each.mode_code), `${power}${target} ${span}, by ${each.set_by}${waits ? "; a newer one lies over it" : ""}`),
    each.note ? h("span", { class: "note", "data-test": "note" }, each.note) : null,
    h("button", { type: "button", class: "quiet", "data-start": each.start, "data-test": "release" }, "Release"),
  );
}

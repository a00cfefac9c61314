// The devices card: every dongle with its state, what it measures now, and what it was told last.

import { by, fill, h } from "./dom.js";
import { age, number } from "./format.js";

const HEALTH = { ok: ["●", "live"], late: ["▲", "late"], offline: ["✗", "offline"], never: ["○", "never measured"] };
const STANDING = { unclaimed: "nobody has claimed it", revoked: "shut out" };

// in: GET /devices   out: one entry per device; where there is none, the card hides until a person wants to add one
export function drawDevices({ devices, heardAt, now }) {
  const all = devices?.devices ?? [];
  const none = all.length === 0;
  by("add-dongle").hidden = !devices || !none;
  by("devices-none").hidden = !none;
  by("devices-card").hidden = none && by("add-dongle").ariaExpanded !== "true";
  const since = heardAt === null ? 0 : (now - heardAt) / 1000;
  fill("devices", [all, Math.round(since / 10)], () => all.map((each) => device(each, since)));
  const letters = Object.entries(devices?.intake.rejected ?? {});
  by("devices-line").textContent = letters.length ? `Not taken since the start: ${letters.map(([cause, count]) => `${count} ${cause.replace("_", " ")}`).join(", ")}.` : "";
}

function device(each, since) {
  const [sign, word] = HEALTH[each.health];
  const measured = each.latest;
  const shown = [
    ["SoC", measured?.soc_pct, 0, "%"],
    ["battery", measured?.battery_kw, 2, "kW"],
    ["grid", measured?.grid_kw, 2, "kW"],
    ["sun", measured?.solar_kw, 2, "kW"],
    ["house", measured?.load_kw, 2, "kW"],
  ].filter(([, value]) => value != null);
  const seen = each.age_s === null ? word : `${word}, ${age(each.age_s + since)} old`;
  return h(
    "li",
    { "data-health": each.health, "data-standing": each.standing, "data-test": "device" },
    h("b", {}, each.title || each.id),
    h("span", { class: "seen" }, `${sign} ${seen}`),
    h("span", { class: "measured" }, ...shown.map(([name, value, digits, unit]) => h("span", {}, `${name} `, h("b", {}, number(value, digits)), ` ${unit}`))),
    h("span", { class: "why" }, facts(each).join(" · ")),
    each.standing === "claimed" && h("button", { type: "button", class: "quiet", "data-shut-out": each.id, "data-test": "shut-out-ask" }, "Shut out"),
  );
}

// in: a device   out: what else is to be said of it, in words
export function facts(each) {
  return [
    each.title && each.id,
    STANDING[each.standing],
    each.drives && "drives this house",
    each.latest?.state && `state: ${each.latest.state}`,
    each.status.inverter,
    each.status.writable === false && "read-only",
    each.status.fw && `firmware ${each.status.fw}`,
    each.status.fault && `fault: ${each.status.fault}`,
    each.status.lost > 0 && `${each.status.lost} records lost`,
  ].filter(Boolean);
}

// in: devices   out: the ids of those that a person may claim
export const claimable = (devices) => devices.filter((each) => each.standing === "unclaimed").map((each) => each.id);

// Who is let in and shut out: the part of the devices card that changes something. An administrator's token is needed.

import { acting } from "./act.js";
import { ask } from "./api.js";
import { claimable } from "./devices.js";
import { by, fill, h } from "./dom.js";
import { when } from "./format.js";

const JSON_BODY = { "Content-Type": "application/json" };

let state = null;

// in: what to do after a change, what to do without a token   call once
export function prepare(changed, refused) {
  const act = acting("devices-acts", "devices-feedback", changed, refused);
  by("claim-form").addEventListener("submit", (event) => {
    event.preventDefault();
    act(() => claim(event.target));
  });
  by("code").addEventListener("click", () => act(code));
  by("add-dongle").addEventListener("click", add);
  by("devices").addEventListener("click", (event) => {
    const device = event.target.closest("button")?.dataset.shutOut;
    if (device) confirm(device);
  });
  by("shut-out").addEventListener("close", () => {
    if (by("shut-out").returnValue === "yes") act(() => shutOut(by("shut-out").dataset.device));
  });
}

// in: the page's state   out: the form for those nobody has claimed; hidden where there is none
export function drawClaims(given) {
  state = given;
  const waiting = claimable(all());
  by("claim-form").hidden = waiting.length === 0;
  fill("claim-device", waiting, () => waiting.map((id) => h("option", { value: id }, id)));
}

const all = () => state?.devices?.devices ?? [];
const name = (id) => all().find((each) => each.id === id)?.title || id;
const post = (path, body) => ask(path, {}, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) });

// A house without dongles has no card for them until somebody asks for it here; asked again, it goes.
function add() {
  const wanted = by("add-dongle").ariaExpanded !== "true";
  by("add-dongle").ariaExpanded = String(wanted);
  by("devices-card").hidden = !wanted;
  if (!wanted) return;
  by("devices-card").scrollIntoView({ block: "center" });
  by("code").focus({ preventScroll: true });
}

async function claim(form) {
  const { device, title } = Object.fromEntries(new FormData(form));
  await post(`/api/v1/devices/${encodeURIComponent(device)}/claim`, { title: title.trim() });
  form.elements.title.value = "";
  return `${title.trim() || device} is heard from now on.`;
}

async function code() {
  const made = await post("/api/v1/devices/claim-codes", {});
  return `Code ${made.code} lets one dongle in, once, until ${when(made.expires_at, state.zone, state.now)}. It is shown only now.`;
}

function confirm(device) {
  const drives = all().find((each) => each.id === device)?.drives;
  by("shut-out-what").textContent = `${name(device)} is heard no more and its certificates are revoked; to come back it needs a new code.${drives ? " It drives this house: nothing carries decisions out then." : ""}`;
  by("shut-out").dataset.device = device;
  by("shut-out").returnValue = "";
  by("shut-out").showModal();
}

async function shutOut(device) {
  const called = name(device);
  await ask(`/api/v1/devices/${encodeURIComponent(device)}`, {}, { method: "DELETE" });
  return `${called} is shut out.`;
}

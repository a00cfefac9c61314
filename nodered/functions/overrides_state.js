// in: msg.got.overrides   out: msg.payload.active, the override that holds now, and what the buttons need to know
const now = Date.now();
const { store, dry_run, dry_run_fixed, hands_off, max_power_kw } = msg.settings;
const state = global.get("battery", store) || {};
const all = msg.got.overrides.ok ? msg.got.overrides.body.overrides : [];
const active = all.find((each) => each.holds_until) || null;
const offered = msg.got.overrides.ok ? msg.got.overrides.body.offered?.map((each) => each.mode_code) : null; // what this house can be told
msg.payload = { active, offered, failure: msg.got.overrides.failure || null, dry_run: dry_run || Boolean(state.dry_run), dry_run_fixed, hands_off, left_alone_until: state.leave_until > now ? state.leave_until : null, max_power_kw };
return { payload: msg.payload };

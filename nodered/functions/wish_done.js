// in: msg.got of a wish   out: 1 a tick at once   2 ui-notification: what became of the wish
const failures = Object.values(msg.got || {}).filter((each) => !each.ok).map((each) => each.failure);
const done = { force: "Override set.", release: "Override ended.", take_back: "The optimizer controls again.", dry_run: "Dry run switched." }[msg.wish] || "Done.";
return [{ topic: "control", force: true }, { payload: failures.join("; ") || done, failed: failures.length > 0 }];

// Who rules now and what that means within the limits: SAFE → REMOTE → SCHEDULE → RULES. A pure function; what must be remembered goes in and out.
#pragma once
#include <cmath>
#include "words.h"

namespace dongle_core {

struct Limits {
  int32_t max_charge_w{0}, max_discharge_w{0};
  float reserve_soc{10}, max_soc{100}, hysteresis{2};  // %
  int32_t max_import_w{0}, max_export_w{0};            // main fuse and feed-in limit; 0: none
  int32_t fuse_margin_w{200};                          // stay so far below
  int32_t ramp_w_per_s{0};                             // 0: at once
  static constexpr int32_t WORTH_RESUMING_W = 500;     // after the fuse left no room at all: less would only switch to and fro
  float volts{230};                                    // for the CT clamp
};

struct Inputs {
  uint64_t ms{0};
  float soc{NAN}, battery_w{NAN}, grid_w{NAN}, grid_a{NAN};  // NaN: not known, or too old
  const Target *remote{nullptr}, *scheduled{nullptr};        // null: none that is valid now
  Target rule;
  bool offered[N_MODES]{};        // what the inverter can be told
  bool blocked[N_MODES]{};        // what it just refused, or has no writes left for
};

struct Latches {  // what the decision before leaves behind
  bool low{false}, full{false}, reached{false}, choked{false};
  uint32_t reached_order{0};
  Mode mode{Mode::SELF_USE};
  int32_t power_w{0};
  uint64_t ms{0};
};

struct Decision {
  State state{State::SAFE};
  Target target;
  const char *limited{""};  // which limit made it another target than asked for
  Latches latches;
};

namespace limits {

inline Mode resting(const Inputs &in) { return in.offered[uint8_t(Mode::HOLD)] && !in.blocked[uint8_t(Mode::HOLD)] ? Mode::HOLD : Mode::SELF_USE; }

inline void instead(Decision &decision, Mode mode, const char *why) {
  if (decision.target.mode == mode) return;
  decision.target.mode = mode;
  decision.target.power_w = 0;
  decision.limited = why;
}

inline void cap(Decision &decision, int32_t highest, const char *why) {
  if (decision.target.power_w <= highest) return;
  decision.target.power_w = highest < 0 ? 0 : highest;
  decision.limited = why;
}

// Latch with hysteresis: on at one edge, off beyond the other.
inline bool latch(bool was, bool on, bool off) { return on || (was && !off); }

inline void state_of_charge(const Inputs &in, const Limits &lim, Decision &d) {
  d.latches.low = latch(d.latches.low, in.soc <= lim.reserve_soc, in.soc >= lim.reserve_soc + lim.hysteresis);
  d.latches.full = latch(d.latches.full, in.soc >= lim.max_soc, in.soc <= lim.max_soc - lim.hysteresis);
  if (d.target.order != d.latches.reached_order) d.latches.reached = false;
  d.latches.reached_order = d.target.order;
  const bool charging = d.target.mode == Mode::FORCE_CHARGE, draining = d.target.mode == Mode::FORCE_DISCHARGE;
  const float goal = d.target.target_soc;
  if (goal > 0 && (charging || draining)) {
    const float over = charging ? in.soc - goal : goal - in.soc;
    d.latches.reached = latch(d.latches.reached, over >= 0, over <= -lim.hysteresis);
    if (d.latches.reached) instead(d, resting(in), "target_soc");
  }
  if (charging && d.latches.full) instead(d, resting(in), "max_soc");
  // Below the reserve nothing that may drain the battery goes on; self-use is the inverter's own where it cannot hold.
  if (d.latches.low && d.target.mode != Mode::FORCE_CHARGE) instead(d, resting(in), "reserve");
}

// How far the battery may go without breaking the fuse, from what flows now: it charges battery_w, the grid gives grid_w.
inline void fuse(const Inputs &in, const Limits &lim, Decision &d) {
  const bool charging = d.target.mode == Mode::FORCE_CHARGE;
  const int32_t most_w = charging ? lim.max_import_w : lim.max_export_w;
  if (most_w == 0 || !forced(d.target.mode)) return;
  const bool by_clamp = std::isnan(in.grid_w) && charging && !std::isnan(in.grid_a);  // a clamp has no sign: only the cautious reading helps
  const float grid_w = by_clamp ? in.grid_a * lim.volts : in.grid_w;
  if (std::isnan(grid_w) || std::isnan(in.battery_w)) return instead(d, resting(in), "grid_unknown");
  const float clamp_w = charging && !std::isnan(in.grid_a) ? in.grid_a * lim.volts : -1;
  const float flows_w = charging ? (grid_w > 0 && clamp_w > grid_w ? clamp_w : grid_w) : -grid_w;
  const float does_w = charging ? in.battery_w : -in.battery_w;
  const auto room_w = int32_t(does_w + float(most_w - lim.fuse_margin_w) - flows_w);
  d.latches.choked = latch(d.latches.choked, room_w <= 0, room_w >= Limits::WORTH_RESUMING_W);
  cap(d, room_w, "fuse");
  if (d.latches.choked) instead(d, resting(in), "fuse");
}

inline void ramp(const Inputs &in, const Limits &lim, Decision &d) {
  if (lim.ramp_w_per_s == 0 || !forced(d.target.mode)) return;
  const int32_t from_w = d.target.mode == d.latches.mode ? d.latches.power_w : 0;
  const int64_t step_w = int64_t(lim.ramp_w_per_s) * int64_t(in.ms - d.latches.ms) / 1000;
  if (d.target.power_w > from_w + step_w) d.target.power_w = int32_t(from_w + step_w);
}

}  // namespace limits

inline Decision decide(const Inputs &in, const Limits &lim, const Latches &before) {
  Decision d;
  d.latches = before;
  if (std::isnan(in.soc)) {
    d.latches.mode = Mode::SELF_USE;  // blind: the inverter looks after itself
    d.latches.power_w = 0;
    d.latches.ms = in.ms;
    return d;
  }
  d.state = in.remote ? State::REMOTE : in.scheduled ? State::SCHEDULE : State::RULES;
  d.target = in.remote ? *in.remote : in.scheduled ? *in.scheduled : in.rule;
  if (!in.offered[uint8_t(d.target.mode)]) limits::instead(d, Mode::SELF_USE, "unsupported");
  const int32_t most_w = d.target.mode == Mode::FORCE_CHARGE ? lim.max_charge_w : lim.max_discharge_w;
  if (d.target.power_w == MOST_ALLOWED) d.target.power_w = most_w;
  if (forced(d.target.mode)) limits::cap(d, most_w, "max_power");
  limits::state_of_charge(in, lim, d);
  limits::fuse(in, lim, d);
  limits::ramp(in, lim, d);
  if (in.blocked[uint8_t(d.target.mode)]) limits::instead(d, Mode::SELF_USE, "blocked");
  if (!forced(d.target.mode)) d.target.power_w = 0;
  d.latches.mode = d.target.mode;
  d.latches.power_w = d.target.power_w;
  d.latches.ms = in.ms;
  return d;
}

}  // namespace dongle_core

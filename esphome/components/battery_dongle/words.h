// The words of the contract: modes an inverter can be told, states of the dongle, and what it wants the inverter to do.
#pragma once
#include <cstdint>
#include <string_view>

namespace dongle_core {

enum class Mode : uint8_t { SELF_USE, FORCE_CHARGE, FORCE_DISCHARGE, FEED_IN_FIRST, HOLD };
constexpr uint8_t N_MODES = 5;
enum class State : uint8_t { SAFE, REMOTE, SCHEDULE, RULES };
enum class PriceClass : uint8_t { NEGATIVE, CHEAP, NORMAL, EXPENSIVE };
constexpr uint8_t N_CLASSES = 4;

constexpr const char *MODE_NAMES[N_MODES] = {"self_use", "force_charge", "force_discharge", "feed_in_first", "hold"};
constexpr const char *STATE_NAMES[] = {"safe", "remote", "schedule", "rules"};
constexpr const char *name(Mode mode) { return MODE_NAMES[uint8_t(mode)]; }
constexpr const char *name(State state) { return STATE_NAMES[uint8_t(state)]; }
constexpr bool forced(Mode mode) { return mode == Mode::FORCE_CHARGE || mode == Mode::FORCE_DISCHARGE; }

inline bool mode_named(std::string_view text, Mode &mode) {
  for (uint8_t i = 0; i < N_MODES; i++) {
    if (text == MODE_NAMES[i]) {
      mode = Mode(i);
      return true;
    }
  }
  return false;
}

constexpr int32_t MOST_ALLOWED = -1;

// What the inverter shall do. `order` names who asked (a command, a schedule's slot), so that the same wish asked again is a new one.
struct Target {
  Mode mode{Mode::SELF_USE};
  int32_t power_w{0};  // of forced modes, never negative once clamped; before, MOST_ALLOWED
  uint8_t target_soc{0};  // %, 0: none
  uint32_t lease_s{0};    // how long it is meant to last
  uint32_t order{0};
  bool insist{false};     // also self-use is made sure of; otherwise a mode that somebody else chose is left alone
};

}  // namespace dongle_core

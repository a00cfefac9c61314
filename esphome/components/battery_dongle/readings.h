// What the inverter last said, each value with its age; what cannot be true never gets in.
#pragma once
#include <cmath>
#include <cstdint>

namespace dongle_core {

enum Quantity : uint8_t { SOC, BATTERY_POWER, BATTERY_VOLTAGE, BATTERY_CURRENT, BATTERY_TEMPERATURE, GRID_POWER, PV_POWER, LOAD_POWER, GRID_CURRENT };
constexpr uint8_t N_SENT = 8;  // the grid's current is for the fuse only
constexpr uint8_t N_QUANTITIES = 9;

struct Plausible {
  float lowest, highest;
  float max_jump;  // between two readings; further only when the next reading says so too; 0: any
};
// The top of each range also keeps out 0xFFFF in the inverter's unit: 65535, 6553.5 and 655.35 (except where a volt may be that high).
constexpr Plausible PLAUSIBLE[N_QUANTITIES] = {
    {0, 100, 20},      // %
    {-32000, 32000, 0},  // W
    {1, 1000, 0},      // V
    {-600, 600, 0},    // A
    {-40, 100, 20},    // °C
    {-32000, 32000, 0}, {0, 32000, 0}, {0, 32000, 0},  // W
    {0, 500, 0},       // A
};
constexpr float SENTINEL_V = 655.35f;  // 0xFFFF hundredths of a volt

class Readings {
 public:
  // Take a value in; false if it cannot be true, which also means the one before is no longer believed once it is old.
  bool put(Quantity what, float value, uint64_t now_ms) {
    One &one = all_[what];
    if (!possible(what, value) || !settled(what, one, value, now_ms)) return false;
    one.value = value;
    one.at_ms = now_ms;
    one.known = true;
    return true;
  }

  // The value if it is younger than max_age_ms, else NaN.
  float get(Quantity what, uint64_t now_ms, uint64_t max_age_ms) const {
    const One &one = all_[what];
    return one.known && now_ms - one.at_ms <= max_age_ms ? one.value : NAN;
  }

 private:
  struct One {
    float value{NAN}, doubted{NAN};
    uint64_t at_ms{0};
    bool known{false};
  };
  static constexpr uint64_t FORGET_MS = 120000;  // after such a gap a jump is no surprise

  static bool possible(Quantity what, float value) {
    const Plausible &is = PLAUSIBLE[what];
    if (!(value >= is.lowest && value <= is.highest)) return false;  // also NaN
    return what != BATTERY_VOLTAGE || std::fabs(value - SENTINEL_V) > 0.006f;
  }

  static bool settled(Quantity what, One &one, float value, uint64_t now_ms) {
    const float far = PLAUSIBLE[what].max_jump;
    const bool surprise = far > 0 && one.known && now_ms - one.at_ms <= FORGET_MS && std::fabs(value - one.value) > far;
    const bool confirmed = surprise && std::fabs(value - one.doubted) <= far / 4;
    one.doubted = surprise && !confirmed ? value : NAN;
    return !surprise || confirmed;
  }

  One all_[N_QUANTITIES];
};

}  // namespace dongle_core

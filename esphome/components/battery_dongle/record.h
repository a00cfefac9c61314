// One minute as it is kept: 28 bytes, the same in RAM and flash.
#pragma once
#include <cmath>
#include <cstdint>
#include "readings.h"
#include "words.h"

namespace dongle_core {

constexpr int16_t MISSING = INT16_MIN;
constexpr float STORED_PER_UNIT[N_SENT] = {10, 1, 10, 10, 10, 1, 1, 1};

struct Record {
  uint32_t seq;
  uint32_t when;  // epoch of the minute's last second; seconds since boot where NO_CLOCK
  int16_t values[N_SENT];
  int16_t setpoint_w;  // + charging; MISSING: released
  uint8_t flags;
  uint8_t boot;  // the boot counter's low byte

  static constexpr uint8_t STATE_BITS = 0x03, NO_CLOCK = 0x04, CLOCK_NOTE = 0x80;
  State state() const { return State(flags & STATE_BITS); }
  bool no_clock() const { return flags & NO_CLOCK; }
  bool clock_note() const { return flags & CLOCK_NOTE; }  // no minute: `when` is the epoch of that boot's start
};
static_assert(sizeof(Record) == 28, "kept in flash by devices in use");

inline int16_t stored(float value, float per_unit = 1) {
  if (std::isnan(value)) return MISSING;
  const float scaled = std::round(value * per_unit);
  return scaled > 32767 ? 32767 : scaled < -32767 ? -32767 : int16_t(scaled);
}
inline float restored(int16_t value, float per_unit = 1) { return value == MISSING ? NAN : float(value) / per_unit; }

}  // namespace dongle_core

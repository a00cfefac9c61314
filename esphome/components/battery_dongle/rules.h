// What to do when nobody says: by the price's class where it is known, else by the time of day, else the inverter's own self-use.
#pragma once
#include "words.h"

namespace dongle_core {

struct TimeRule {
  int16_t from_minute, to_minute;  // of the local day, half-open; may pass midnight
  Target target;
  bool holds_at(int16_t minute) const {
    return from_minute <= to_minute ? minute >= from_minute && minute < to_minute : minute >= from_minute || minute < to_minute;
  }
};

struct Rules {
  static constexpr uint8_t MAX_TIMES = 8;
  Target by_class[N_CLASSES];
  bool has_class[N_CLASSES]{};
  TimeRule times[MAX_TIMES]{};
  uint8_t n_times{0};

  Target choose(const PriceClass *price, int16_t minute) const {
    if (price != nullptr && has_class[uint8_t(*price)]) return by_class[uint8_t(*price)];
    for (uint8_t i = 0; minute >= 0 && price == nullptr && i < n_times; i++)
      if (times[i].holds_at(minute)) return times[i].target;
    return Target();
  }
};

}  // namespace dongle_core

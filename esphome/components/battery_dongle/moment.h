// One instant as every part sees it. Clocks of 32 bits wrap after 49.7 days; here, once, they become 64 bits.
#pragma once
#include <cstdint>

namespace dongle_core {

class Uptime {
 public:
  uint64_t at(uint32_t millis) {
    if (!begun_) {
      begun_ = true;
      last_ = millis;
    }
    ms_ += uint32_t(millis - last_);
    last_ = millis;
    return ms_;
  }

 private:
  uint64_t ms_{0};
  uint32_t last_{0};
  bool begun_{false};
};

struct Moment {
  uint64_t ms{0};       // since boot: leases, samples, budgets
  uint64_t bus_ms{0};   // since boot: the bus, which no test can speed up; the same as ms on a device
  uint32_t epoch{0};    // wall clock, UTC; 0: not known
  int16_t minute{-1};   // of the local day; -1: not known
};

}  // namespace dongle_core

// How many registers may still be written today. Registers kept in flash wear out after some 100 000 writes; a reboot refills nothing.
#pragma once
#include <cstdint>

namespace dongle_core {

enum class WriteClass : uint8_t { RAM, FLASH };

struct DayCount {  // kept over reboots
  uint32_t day{0};  // since 1970; 0: the clock was not known yet
  uint16_t flash{0}, ram{0};
};

class WriteGuard {
 public:
  uint16_t flash_per_day{30}, ram_per_day{10000};

  void restore(const DayCount &count) { count_ = count; }
  void spend_flash() { count_.flash = flash_per_day; }
  const DayCount &count() const { return count_; }

  // A new day begins by the wall clock; without one, after 24 hours of running.
  void roll(uint32_t epoch, uint64_t ms) {
    const uint32_t day = epoch / 86400;
    const bool first_known = day != 0 && count_.day == 0;
    const bool went_back = day != 0 && count_.day > day + 1;  // a clock that was far ahead has been put right
    if (first_known || went_back) count_.day = day;
    if ((day != 0 && day > count_.day) || (day == 0 && ms - day_ms_ >= 86400000u)) {
      if (day != 0) count_.day = day;
      count_.flash = count_.ram = 0;
      day_ms_ = ms;
    }
  }

  // Back to self-use is allowed beyond the budget, and counted. It needs one write for each order that was within; twice the budget is
  // reached only where the inverter does not take what it is told.
  bool allows(WriteClass kind, bool to_self_use) const {
    if (kind == WriteClass::RAM) return to_self_use || count_.ram < ram_per_day;
    return count_.flash < (to_self_use ? 2 * flash_per_day : flash_per_day);
  }
  void wrote(WriteClass kind) {
    uint16_t &count = kind == WriteClass::FLASH ? count_.flash : count_.ram;
    if (count < UINT16_MAX) count++;
  }

 private:
  DayCount count_;
  uint64_t day_ms_{0};
};

}  // namespace dongle_core

// How the bus fares: requests answered, requests that were not, whether the inverter has gone quiet, and whether an answer may still be on its way.
#pragma once
#include <cstdint>

namespace dongle_core {

class LinkWatch {
 public:
  static constexpr uint32_t GONE_AFTER = 3;  // failures in a row; single ones are noise
  static constexpr uint32_t LATE_MS = 1200;  // an answer may come so long after its time-out
  uint32_t timeout_ms{800};

  void sent(uint64_t now_ms) {
    if (open_) failed();
    open_ = true;
    moved_ms_ = now_ms;
  }
  void answered(uint64_t now_ms) {
    if (!open_) return;
    open_ = false;
    moved_ms_ = now_ms;
    ok_++;
    in_a_row_ = 0;
  }
  void failed() {
    open_ = false;
    failed_++;
    if (++in_a_row_ == GONE_AFTER) outages_++;
  }

  // Modbus RTU gives answers no number: one that comes after its time-out is taken for the next question's, and that one's for the one after.
  // From shortly before a time-out until the bus has been silent for long enough, nothing that is read can be believed at once.
  bool in_doubt(uint64_t now_ms) {
    const uint64_t still_ms = now_ms - moved_ms_;
    if (open_ && still_ms >= timeout_ms - timeout_ms / 10) doubt_ = true;
    if (still_ms >= timeout_ms + LATE_MS) doubt_ = false;
    return doubt_;
  }

  uint32_t ok() const { return ok_; }
  uint32_t failures() const { return failed_; }
  uint32_t outages() const { return outages_; }
  bool gone() const { return in_a_row_ >= GONE_AFTER; }

 private:
  uint32_t ok_{0}, failed_{0}, in_a_row_{0}, outages_{0};
  uint64_t moved_ms_{0};
  bool open_{false}, doubt_{false};
};

}  // namespace dongle_core

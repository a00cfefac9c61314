// What the dongle's lives share, one from each power on to the next power cut: how many there were, which record numbers are
// taken, what the backend has, what was written today, and whether the inverter is still as we put it.
#pragma once
#include "backlog.h"
#include "ports.h"
#include "write_guard.h"

namespace dongle_core {

class Lives {
 public:
  static constexpr uint32_t SEQ_STRIDE = 1000;  // numbers reserved at a time: one flash write for 16 h of records
  static constexpr uint32_t KEEP_ACK_MS = 600000;

  Lives(Ports &ports, Backlog &backlog, WriteGuard &guard) : ports_(ports), backlog_(backlog), guard_(guard) {}

  // The next life begins where the last one ended; the log is there already.
  void begin() {
    const bool lived = ports_.kept(Kept::LIFE, &life_, sizeof life_) || !backlog_.flash.empty();
    DayCount day;
    if (ports_.kept(Kept::DAY, &day, sizeof day))
      guard_.restore(day);
    else if (lived)
      guard_.spend_flash();  // the count is lost: better none today than too many
    life_.boot++;
    backlog_.begin(life_.seq_floor, life_.acked, uint8_t(life_.boot));
    life_.seq_floor = backlog_.next_seq() + SEQ_STRIDE;
    keep_day();
    keep_life();
  }

  uint32_t boot() const { return life_.boot; }
  bool forced() const { return life_.forced != 0; }

  // We tell the inverter something else than self-use, or do not any more; until it is released that is to be taken back.
  void note_forced(bool now_forced, bool released) {
    const bool after = now_forced || (forced() && !released);
    if (forced() == after) return;
    life_.forced = after;
    keep_life();
  }

  // Keep what has changed, seldom enough for the flash.
  void remember(const Moment &now) {
    bool due = false;
    if (backlog_.next_seq() + SEQ_STRIDE / 10 >= life_.seq_floor) {
      life_.seq_floor = backlog_.next_seq() + SEQ_STRIDE;
      due = true;
    }
    if (now.ms - kept_ms_ >= KEEP_ACK_MS) {
      kept_ms_ = now.ms;
      due = due || life_.acked != backlog_.acked();
      keep_day();
    }
    if (!due) return;
    life_.acked = backlog_.acked();
    keep_life();
  }

  bool keep_day() { return ports_.keep(Kept::DAY, &guard_.count(), sizeof(DayCount)); }

 private:
  struct Life {
    uint32_t boot{0}, seq_floor{0}, acked{0};
    uint32_t forced{0};  // 1: we told the inverter something that self-use must take back
  };
  void keep_life() { ports_.keep(Kept::LIFE, &life_, sizeof life_); }

  Ports &ports_;
  Backlog &backlog_;
  WriteGuard &guard_;
  Life life_;
  uint64_t kept_ms_{0};
};

}  // namespace dongle_core

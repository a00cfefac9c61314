// What is still owed to the backend: every record until it is acknowledged, sent in order, a few a second.
#pragma once
#include "flash_log.h"
#include "moment.h"
#include "ring.h"

namespace dongle_core {

class Backlog {
 public:
  uint32_t per_second{4};
  static constexpr uint64_t RESEND_AFTER_MS = 300000;  // nothing acknowledged for so long: again from the first one

  Ring ring;
  FlashLog flash;

  // `floor` is a number below which none was ever left unused; `acked` what the backend was known to have.
  void begin(uint32_t floor, uint32_t acked, uint8_t boot) {
    next_ = floor;
    if (!flash.empty() && flash.newest() >= next_) next_ = flash.newest() + 1;
    boot_ = boot;
    acked_ = acked > next_ ? next_ : acked;
    cursor_ = acked_;
    learn_old_clocks();
  }

  uint32_t next_seq() const { return next_; }
  uint32_t acked() const { return acked_; }
  uint32_t lost() const { return lost_; }

  void push(Record record) {
    record.seq = next_++;
    record.boot = boot_;
    const uint32_t before = oldest();
    ring.push(record);
    if (flash.usable() && !flash.append(record)) flash_failures_++;
    count_lost(before, oldest());
  }
  uint32_t flash_failures() const { return flash_failures_; }

  // The wall clock of this boot is known now: records without one get theirs, also after another reboot.
  void clock_known(uint32_t epoch_of_boot) {
    if (epoch_of_this_boot_ == 0) {
      Record note{};
      note.when = epoch_of_boot;
      note.flags = Record::CLOCK_NOTE;
      push(note);
    }
    epoch_of_this_boot_ = epoch_of_boot;
  }

  void link(bool up, uint64_t now_ms) {
    if (up && !up_) restart(now_ms);
    up_ = up;
  }
  bool linked() const { return up_; }

  // Everything below seq is stored for good. False: older than what we know, or nonsense.
  bool acknowledge(uint32_t seq, uint64_t now_ms) {
    if (seq < acked_ || seq > next_) return false;
    acked_ = seq;
    progress_ms_ = now_ms;
    if (cursor_ < seq) cursor_ = seq;
    return true;
  }

  // The first record still kept that nobody has acknowledged; next_seq() where there is none.
  uint32_t oldest_owed() {
    Record record;
    for (uint32_t seq = acked_; find(seq, record); seq = record.seq + 1)
      if (!record.clock_note()) return record.seq;
    return next_;
  }

  // The next record to send, with its time; false: none is due now.
  bool due(uint64_t now_ms, Record &record, uint32_t &epoch) {
    if (!up_) return false;
    if (cursor_ > acked_ && now_ms - progress_ms_ >= RESEND_AFTER_MS) restart(now_ms);
    if (cursor_ >= next_) return false;
    if (now_ms - paced_ms_ >= 1000) {
      paced_ms_ = now_ms;
      sent_in_second_ = 0;
    }
    if (sent_in_second_ >= per_second) return false;
    while (find(cursor_, record)) {
      epoch = time_of(record);
      if (epoch == 0 && record.boot == boot_) return false;  // wait for the clock
      cursor_ = record.seq + 1;
      if (record.clock_note()) continue;
      if (epoch == 0) {
        lost_++;  // made in an earlier life that never knew the time
        continue;
      }
      sent_in_second_++;
      return true;
    }
    cursor_ = next_;
    return false;
  }

 private:
  static constexpr uint8_t BOOTS = 8;

  void restart(uint64_t now_ms) {
    cursor_ = acked_;
    progress_ms_ = now_ms;
  }
  bool find(uint32_t seq, Record &record) {
    Record oldest;
    if (ring.oldest(oldest) && oldest.seq <= seq) return ring.find(seq, record);
    if (flash.find(seq, record)) return true;
    return ring.find(seq, record);
  }
  uint32_t oldest() {
    uint32_t oldest = flash.usable() && !flash.empty() ? flash.oldest() : UINT32_MAX;
    Record record;
    if (ring.oldest(record) && record.seq < oldest) oldest = record.seq;
    return oldest == UINT32_MAX ? next_ : oldest;
  }
  void count_lost(uint32_t before, uint32_t after) {
    const uint32_t from = before > acked_ ? before : acked_;
    if (after > from && after != next_) lost_ += after - from;
  }
  uint32_t time_of(const Record &record) const {
    if (!record.no_clock()) return record.when;
    const uint32_t start = record.boot == boot_ ? epoch_of_this_boot_ : epoch_of_boot_[record.boot % BOOTS];
    if (start == 0 || (record.boot != boot_ && boot_of_[record.boot % BOOTS] != record.boot)) return 0;
    return (start + record.when) / 60 * 60 + 59;
  }
  void learn_old_clocks() {
    Record record;
    for (uint32_t seq = acked_; flash.find(seq, record); seq = record.seq + 1) {
      if (!record.clock_note()) continue;
      boot_of_[record.boot % BOOTS] = record.boot;
      epoch_of_boot_[record.boot % BOOTS] = record.when;
    }
  }

  uint32_t next_{0}, acked_{0}, cursor_{0}, lost_{0}, flash_failures_{0};
  uint32_t epoch_of_this_boot_{0}, epoch_of_boot_[BOOTS]{};
  uint8_t boot_of_[BOOTS]{}, boot_{0};
  uint64_t progress_ms_{0}, paced_ms_{0};
  uint32_t sent_in_second_{0};
  bool up_{false};
};

}  // namespace dongle_core

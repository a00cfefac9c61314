// What was measured goes out: a live line every ten seconds, a record into the log every minute, and from the log what is still owed.
#pragma once
#include "backlog.h"
#include "lines.h"
#include "minute.h"
#include "ports.h"

namespace dongle_core {

class Telemetry {
 public:
  static constexpr uint32_t SAMPLE_S = 10, MINUTE_S = 60;

  Telemetry(Ports &ports, Backlog &backlog) : ports_(ports), backlog_(backlog) {}

  // Whether this is the instant at which the wall clock became known.
  bool learn_clock(const Moment &now) {
    if (now.epoch == 0 || clock_known_) return false;
    clock_known_ = true;
    // The minute that is open now becomes the wall clock's minute, so that no two records share one.
    backlog_.clock_known(now.epoch / MINUTE_S * MINUTE_S - uint32_t(now.ms / 1000) / MINUTE_S * MINUTE_S);
    minute_ = now.epoch / MINUTE_S;
    by_epoch_ = true;
    return true;
  }

  // Put the minute into the log once it is over.
  void close_minute(const Moment &now, State state, int32_t setpoint_w) {
    const bool by_epoch = now.epoch != 0;
    const uint32_t minute = at(now) / MINUTE_S;
    if (!minute_begun_ || by_epoch != by_epoch_) minute_ = minute;
    minute_begun_ = true;
    by_epoch_ = by_epoch;
    if (minute == minute_) return;
    Record record{};
    means_.close(record);
    record.when = minute_ * MINUTE_S + MINUTE_S - 1;
    record.setpoint_w = int16_t(setpoint_w);
    record.flags = uint8_t(uint8_t(state) | (by_epoch ? 0 : Record::NO_CLOCK));
    backlog_.push(record);
    minute_ = minute;
  }

  bool due(const Moment &now) const { return at(now) / SAMPLE_S != sampled_; }

  // Take a sample that is due into the minute, and say it.
  void sample(const Moment &now, const float (&values)[N_SENT], State state, int32_t setpoint_w) {
    sampled_ = at(now) / SAMPLE_S;
    means_.add(values);
    if (now.epoch != 0 && backlog_.linked())
      ports_.say(Say::TELEMETRY, live_line(sampled_ * SAMPLE_S, SAMPLE_S, values, state, setpoint_w).c_str());
  }

  void replay(const Moment &now) {
    Record record;
    uint32_t epoch;
    while (backlog_.due(now.ms, record, epoch)) ports_.say(Say::TELEMETRY, record_line(record, epoch).c_str());
  }

 private:
  static uint32_t at(const Moment &now) { return now.epoch != 0 ? now.epoch : uint32_t(now.ms / 1000); }

  Ports &ports_;
  Backlog &backlog_;
  Minute means_;
  uint32_t minute_{0}, sampled_{0};
  bool clock_known_{false}, by_epoch_{false}, minute_begun_{false};
};

}  // namespace dongle_core

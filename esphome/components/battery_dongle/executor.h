// Makes the inverter do what is wanted, register by register: look before wearing flash, write, read back, try again at most three times,
// keep the inverter's own timer armed, and notice when somebody else has changed it. It sends nothing itself: next() says what, done() hears the answer.
#pragma once
#include <vector>
#include "link_watch.h"
#include "moment.h"
#include "steps.h"

namespace dongle_core {

struct BusRequest {
  bool write{false};
  uint8_t function{3};
  uint16_t address{0};
  uint8_t n{0};
  uint16_t words[Step::MAX_WORDS]{};
};
enum class BusAnswer : uint8_t { OK, EXCEPTION, NONE };

struct Outcome {
  enum class Kind : uint8_t { NOTHING, CONFIRMED, FAILED, OVERRIDDEN };
  Kind kind{Kind::NOTHING};
  const char *reason{""};
  Target target;
};

class Executor {
 public:
  static constexpr uint8_t TRIES = 3;
  uint32_t refresh_ms{20000};
  uint32_t spacing_ms{10000};       // between raises of power; orders and reductions do not wait
  uint32_t least_spacing_ms{1000};  // between any two changes of power
  uint32_t retry_ms{10000};         // after a sequence that failed
  int32_t deadband_w{50};

  void add_step(Mode mode, const Step &step) { steps_[uint8_t(mode)].push_back(step); }
  bool offers(Mode mode) const { return !steps_[uint8_t(mode)].empty(); }
  bool wears_flash(Mode mode) const {
    for (const Step &step : steps_[uint8_t(mode)])
      if (step.kind == WriteClass::FLASH) return true;
    return false;
  }

  // Whatever the inverter does now, we may have told it (before a reboot): make sure of the next target.
  void doubt() { sure_ = false; }
  void want(const Target &target) {
    if (target.order != wanted_.order || target.mode != wanted_.mode) yielded_ = false;
    wanted_ = target;
  }

  const Target &applied() const { return applied_; }
  bool sure() const { return sure_; }
  bool busy() const { return job_ != Job::NONE; }
  // What it has to do can wait until answers are sure again: only telling an order cannot, until it seems not to be taken.
  bool patient() const { return !busy() || phase_ == Phase::COMPARE || (phase_ == Phase::CHECK && seems_not_taken_); }
  bool to_self_use() const { return busy() && job_target_.mode == Mode::SELF_USE; }
  // Nothing of ours is in force.
  bool released() const { return sure_ && applied_.mode == Mode::SELF_USE && !busy(); }

  // What to send next; false: nothing now. Each request must be answered by done() before the next.
  bool next(const Moment &now, const Facts &facts, WriteGuard &guard, LinkWatch &bus, BusRequest &request) {
    if (waiting_) return false;
    if (job_ != Job::NONE && job_target_.mode != wanted_.mode) job_ = Job::NONE;  // changed its mind: begin anew
    if (job_ == Job::NONE && !begin(now, bus)) return false;
    const auto &steps = steps_[uint8_t(job_target_.mode)];
    while (at_ < steps.size() && !(todo_ >> at_ & 1)) next_step();
    if (at_ >= steps.size()) return finished(now), false;
    const Step &step = steps[at_];
    if (!step.fill(job_target_, facts, words_)) return fail("unknown_value", now), false;
    if (phase_ == Phase::BEGIN) phase_ = job_ == Job::VERIFY ? Phase::COMPARE : step.kind == WriteClass::FLASH ? Phase::LOOK : Phase::WRITE;
    if (patient() && bus.in_doubt(now.bus_ms)) return false;
    request = BusRequest();
    request.address = step.address;
    request.n = step.words();
    doubtful_ = bus.in_doubt(now.bus_ms);
    read_again_ = doubtful_ && phase_ != Phase::WRITE && !read_again_;
    if (phase_ == Phase::WRITE) {
      if (!guard.allows(step.kind, to_self_use())) return fail("budget", now), false;
      guard.wrote(step.kind);
      sure_ = sure_ && job_ != Job::FULL;  // from here on the inverter is between two modes
      request.write = true;
      request.function = step.function;
      memcpy(request.words, words_, sizeof words_);
    }
    return waiting_ = true;
  }

  void done(BusAnswer answer, const uint16_t *words, uint8_t n, const LinkWatch &bus, const Moment &now) {
    if (!waiting_) return;
    waiting_ = false;
    if (job_ == Job::NONE) return;
    if (answer != BusAnswer::OK) {
      if (++tries_ >= TRIES) fail(answer == BusAnswer::NONE ? "no_answer" : "refused_by_inverter", now);
      return;
    }
    if (read_again_) return;  // the first answer may be another question's, the second is not
    const auto &steps = steps_[uint8_t(job_target_.mode)];
    const Step &step = steps[at_];
    const bool same = phase_ != Phase::WRITE && words != nullptr && n == step.words() && memcmp(words, words_, n * sizeof *words) == 0;
    switch (phase_) {
      case Phase::LOOK:
        same ? next_step() : to(Phase::WRITE);
        break;
      case Phase::WRITE:
        if (step.check)
          phase_ = Phase::CHECK;
        else
          next_step();
        break;
      case Phase::CHECK:
        if (same)
          next_step();
        else if (++tries_ >= TRIES)
          fail("not_taken", now);
        else {
          seems_not_taken_ = doubtful_;
          if (!doubtful_) phase_ = Phase::WRITE;
        }
        break;
      default:  // COMPARE
        if (same)
          next_step();
        else
          deviates(bus, now);
    }
  }

  // What next() just gave is not sent after all.
  void give_up(const char *reason, const Moment &now) {
    waiting_ = false;
    fail(reason, now);
  }

  Outcome take_outcome() {
    const Outcome taken = outcome_;
    outcome_ = Outcome();
    return taken;
  }

 private:
  enum class Job : uint8_t { NONE, FULL, POWER, VERIFY, REFRESH };
  enum class Phase : uint8_t { BEGIN, LOOK, WRITE, CHECK, COMPARE };

  bool begin(const Moment &now, LinkWatch &bus) {
    if (yielded_) return false;
    const bool other_mode = wanted_.mode != applied_.mode;
    if (!sure_ || other_mode) {
      const bool just_failed = failed_once_ && failed_mode_ == wanted_.mode && now.bus_ms - failed_ms_ < retry_ms;
      if (just_failed) return false;
      outages_ = bus.outages();
      return start(Job::FULL, now, [](const Step &) { return true; });
    }
    if (wanted_.mode == Mode::SELF_USE && !wanted_.insist) {
      applied_ = wanted_;
      return false;
    }
    const bool new_order = wanted_.order != applied_.order;
    if (other_power(new_order, now)) return start(Job::POWER, now, [](const Step &step) { return step.depends_on_command(); });
    applied_.lease_s = wanted_.lease_s;
    if (new_order) return start(Job::VERIFY, now, [](const Step &step) { return step.check; });
    if (wanted_.mode == Mode::SELF_USE || now.bus_ms - refreshed_ms_ < refresh_ms) return false;
    if (bus.outages() != outages_) return doubt(), false;  // it was away, perhaps rebooted: tell it everything again
    return start(Job::VERIFY, now, [](const Step &step) { return step.check; });
  }

  bool other_power(bool new_order, const Moment &now) const {
    if (wanted_.target_soc != applied_.target_soc) return true;
    const int32_t change = wanted_.power_w - applied_.power_w;
    if (change == 0) return false;
    if (new_order) return true;
    const uint64_t since = now.bus_ms - powered_ms_;
    if (change < 0) return since >= least_spacing_ms;
    return change >= deadband_w && since >= spacing_ms;
  }

  template<typename Which> bool start(Job job, const Moment &now, Which which) {
    job_ = job;
    job_target_ = wanted_;
    todo_ = 0;
    const auto &steps = steps_[uint8_t(wanted_.mode)];
    for (size_t i = 0; i < steps.size() && i < 32; i++)
      if (which(steps[i])) todo_ |= 1u << i;
    at_ = 0;
    tries_ = 0;
    phase_ = Phase::BEGIN;
    if (todo_ == 0) finished(now);
    return job_ != Job::NONE;
  }

  void to(Phase phase) {
    phase_ = phase;
    tries_ = 0;
    seems_not_taken_ = false;
  }
  void next_step() {
    at_++;
    to(Phase::BEGIN);
  }

  void finished(const Moment &now) {
    const Job job = job_;
    const bool asked = job == Job::FULL || job_target_.order != applied_.order;
    job_ = Job::NONE;
    if (job == Job::VERIFY && !asked) {  // all as we left it: keep its timer from running out
      start(Job::REFRESH, now, [](const Step &step) { return step.refresh; });
      return;
    }
    if (job != Job::VERIFY) refreshed_ms_ = now.bus_ms;
    if (job == Job::FULL || job == Job::POWER) powered_ms_ = now.bus_ms;
    applied_ = job_target_;
    sure_ = true;
    if (job == Job::FULL) failed_once_ = false;
    if (asked) outcome_ = {Outcome::Kind::CONFIRMED, "", job_target_};
  }

  void fail(const char *reason, const Moment &now) {
    const bool told = job_ == Job::FULL || job_target_.order != applied_.order;
    job_ = Job::NONE;
    sure_ = false;
    failed_once_ = true;
    failed_mode_ = job_target_.mode;
    failed_ms_ = now.bus_ms;
    if (told) outcome_ = {Outcome::Kind::FAILED, reason, job_target_};
  }

  void deviates(const LinkWatch &bus, const Moment &now) {
    const bool asked = job_target_.order != applied_.order;
    job_ = Job::NONE;
    if (asked || bus.outages() != outages_) {  // what somebody did before a new order does not bind it, and a restart is nobody's wish
      sure_ = false;
      return;
    }
    yielded_ = true;
    refreshed_ms_ = now.bus_ms;
    outcome_ = {Outcome::Kind::OVERRIDDEN, "changed_by_hand", applied_};
    applied_.mode = Mode::SELF_USE;  // what the other hand chose is theirs: nothing of ours is in force
    applied_.power_w = 0;
  }

  std::vector<Step> steps_[N_MODES];
  Target wanted_, applied_, job_target_;
  bool sure_{true}, yielded_{false}, waiting_{false}, failed_once_{false}, doubtful_{false}, read_again_{false}, seems_not_taken_{false};
  Job job_{Job::NONE};
  Phase phase_{Phase::BEGIN};
  uint8_t tries_{0};
  size_t at_{0};
  uint32_t todo_{0}, outages_{0};
  uint16_t words_[Step::MAX_WORDS]{};
  Mode failed_mode_{Mode::SELF_USE};
  uint64_t refreshed_ms_{0}, powered_ms_{0}, failed_ms_{0};
  Outcome outcome_;
};

}  // namespace dongle_core
